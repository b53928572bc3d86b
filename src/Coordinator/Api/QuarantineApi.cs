using Microsoft.AspNetCore.Http.HttpResults;
using RenderFarm.Coordinator.Jobs;
using RenderFarm.Shared.Api;

namespace RenderFarm.Coordinator.Api;

/// <summary>Quarantined frames over HTTP.</summary>
internal static class QuarantineApi
{
    public static async Task<Results<Ok<QuarantineView>, ProblemHttpResult>> ListAsync(
        Guid id, HttpRequest request, string? cursor, int? limit, QuarantineQueries quarantine, CancellationToken cancellationToken)
    {
        var rules = new QueryRules(request.Query, "cursor", "limit");
        var (after, most) = (rules.Index("cursor", cursor), rules.Limit(limit, 50, 200));
        if (rules.Problem is { } problem)
        {
            return problem;
        }

        return await quarantine.ReadAsync(id, after, most, cancellationToken) is { } page ? TypedResults.Ok(page) : Problems.NoJob(id);
    }

    public static Task<Results<Ok<QuarantineAnswer>, ProblemHttpResult>> RequeueAsync(Guid id, HttpContext context, JobQueries jobs, SettleQuarantine settle, CancellationToken cancellationToken) =>
        SettleAsync(id, context, jobs, settle.RequeueAsync, cancellationToken);

    public static Task<Results<Ok<QuarantineAnswer>, ProblemHttpResult>> DropAsync(Guid id, HttpContext context, JobQueries jobs, SettleQuarantine settle, CancellationToken cancellationToken) =>
        SettleAsync(id, context, jobs, settle.DropAsync, cancellationToken);

    private static async Task<Results<Ok<QuarantineAnswer>, ProblemHttpResult>> SettleAsync(
        Guid id, HttpContext context, JobQueries jobs, Func<Guid, IReadOnlyList<long>?, CancellationToken, Task<QuarantineAnswer?>> settle, CancellationToken cancellationToken)
    {
        var (request, problem) = await RequestBody.ReadAsync<QuarantineRequest>(context.Request, cancellationToken);
        if (request is null)
        {
            return problem!;
        }

        if (await jobs.GetAsync(id, cancellationToken) is not { } job)
        {
            return Problems.NoJob(id);
        }

        var errors = QuarantineRules.Check(request, job.FrameCount);
        if (!errors.IsEmpty)
        {
            return Problems.Invalid(errors);
        }

        return await settle(id, request.Frames, cancellationToken) is { } answer ? TypedResults.Ok(answer) : Problems.NoJob(id);
    }
}
