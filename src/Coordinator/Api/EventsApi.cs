using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using RenderFarm.Coordinator.Database;
using RenderFarm.Coordinator.Feed;
using RenderFarm.Coordinator.Jobs;
using RenderFarm.Shared;

namespace RenderFarm.Coordinator.Api;

/// <summary>The live events of a job over HTTP.</summary>
internal static class EventsApi
{
    private const string LastEventId = "Last-Event-ID";

    public static async Task<Results<EmptyHttpResult, NoContent, ProblemHttpResult>> JobAsync(
        Guid id, HttpContext context, [FromHeader(Name = LastEventId)] string? lastEventId, string? after,
        JobQueries jobs, FrameQueries frames, FarmFeed feed, TimeProvider time, IHostApplicationLifetime lifetime)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, lifetime.ApplicationStopping);
        if (await jobs.GetAsync(id, end.Token) is not { } job)
        {
            return Problems.NoJob(id);
        }

        var (field, given) = lastEventId is null ? ("after", after ?? "0") : (LastEventId, lastEventId);
        if (!long.TryParse(given, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out var version) || version > job.Version)
        {
            return Problems.Invalid(field, $"Must be the id of an event of this job, 0 to {job.Version}; got '{given}'.");
        }

        if (job.State.IsTerminal() && version == job.Version)
        {
            // Tells an EventSource that has seen everything to stay away.
            return TypedResults.NoContent();
        }

        try
        {
            await new JobEventStream(jobs, frames, feed, time).WriteAsync(job, version, new EventWriter(context.Response, time), end.Token);
        }
        catch (OperationCanceledException) when (end.IsCancellationRequested)
        {
            // The client left, or this process ends: clients come back with the last id.
        }
        catch (Exception fault) when (context.Response.HasStarted && DatabaseFaults.IsAway(fault))
        {
            // The status is sent already: cutting the connection makes the client come back.
            context.Abort();
        }

        return TypedResults.Empty;
    }
}
