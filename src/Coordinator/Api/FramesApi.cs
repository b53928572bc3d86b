using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Net.Http.Headers;
using RenderFarm.Coordinator.Jobs;
using RenderFarm.Coordinator.Ledger;
using RenderFarm.ServiceDefaults.Artifacts;
using RenderFarm.Shared;
using RenderFarm.Shared.Api;
using RenderFarm.Shared.Settings;

namespace RenderFarm.Coordinator.Api;

/// <summary>Frames and their images over HTTP.</summary>
internal static class FramesApi
{
    private static readonly TimeSpan LinkLifetime = TimeSpan.FromMinutes(10);

    public static async Task<Results<Ok<Page<FrameView>>, ProblemHttpResult>> ListAsync(
        Guid id, HttpRequest request, string? state, string? cursor, int? limit, FrameQueries frames, CancellationToken cancellationToken)
    {
        var rules = new QueryRules(request.Query, "state", "cursor", "limit");
        var (wanted, after, most) = (rules.One<FrameState>("state", state), rules.Index("cursor", cursor), rules.Limit(limit, 100, 1000));
        if (rules.Problem is { } problem)
        {
            return problem;
        }

        return await frames.ListAsync(id, wanted, after, most, cancellationToken) is { } page ? TypedResults.Ok(page) : Problems.NoJob(id);
    }

    public static async Task<Results<Ok<FrameView>, ProblemHttpResult>> GetAsync(
        Guid id, long index, JobQueries jobs, FrameQueries frames, CancellationToken cancellationToken) =>
        await frames.GetAsync(id, index, cancellationToken) is { } frame ? TypedResults.Ok(frame) : await NoFrameAsync(id, index, jobs, cancellationToken);

    public static async Task<IResult> ImageAsync(
        Guid id, long index, bool? download, HttpContext context, JobQueries jobs, FrameQueries frames, IArtifactStore store, CancellationToken cancellationToken)
    {
        if (await frames.SettledAsync(id, index, cancellationToken) is not { State: FrameState.Rendered, ArtifactKey: { } key, Sha256: { } sha256 } frame)
        {
            return await frames.GetAsync(id, index, cancellationToken) is { } waiting
                ? Problems.Of(StatusCodes.Status404NotFound, $"Frame {index} of job {id} is {waiting.State}; it has no image.")
                : await NoFrameAsync(id, index, jobs, cancellationToken);
        }

        var fileName = download == true ? await FileNameAsync(id, frame, jobs, frames, cancellationToken) : null;
        if (await store.PresignGetAsync(key, LinkLifetime, fileName, cancellationToken) is { } link)
        {
            context.Response.Headers.CacheControl = "private, no-store";
            return TypedResults.Redirect(link.AbsoluteUri);
        }

        // An artifact's bytes never change: its key belongs to one attempt.
        context.Response.Headers.CacheControl = "private, max-age=31536000, immutable";
        var content = await store.OpenReadAsync(key, cancellationToken);
        return TypedResults.Stream(content, ContentType(key), fileName, entityTag: new EntityTagHeaderValue($"\"{sha256}\""), enableRangeProcessing: content.CanSeek);
    }

    private static async Task<string?> FileNameAsync(Guid id, Frame frame, JobQueries jobs, FrameQueries frames, CancellationToken cancellationToken)
    {
        var job = await jobs.GetAsync(id, cancellationToken);
        var view = await frames.GetAsync(id, frame.Index, cancellationToken);
        return job is null ? null : ImageNames.For(job.Name, view?.Prompt, frame.Index, frame.Seed, job.Output);
    }

    private static string ContentType(string key) => Path.GetExtension(key).TrimStart('.') switch
    {
        var format when OutputSettings.Formats.Contains(format) => OutputSettings.MediaTypeOf(format),
        var other => throw new InvalidOperationException($"No content type is known for images of kind '{other}'."),
    };

    private static async Task<ProblemHttpResult> NoFrameAsync(Guid id, long index, JobQueries jobs, CancellationToken cancellationToken) =>
        await jobs.GetAsync(id, cancellationToken) is { } job
            ? Problems.Of(StatusCodes.Status404NotFound, $"Job {id} has the frames 0 to {job.FrameCount - 1}; there is no frame {index}.")
            : Problems.NoJob(id);
}
