using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using RenderFarm.Coordinator.Jobs;
using RenderFarm.Coordinator.Ledger;
using RenderFarm.Shared;
using RenderFarm.Shared.Api;

namespace RenderFarm.Coordinator.Api;

/// <summary>Jobs over HTTP.</summary>
internal static partial class JobsApi
{
    private const string KeyHeader = "Idempotency-Key";

    public static async Task<Results<Accepted<JobView>, ProblemHttpResult>> SubmitAsync(
        HttpContext context, [FromHeader(Name = KeyHeader)] string? idempotencyKey, SubmitJob submit, CancellationToken cancellationToken)
    {
        if (idempotencyKey is not null && !Key().IsMatch(idempotencyKey))
        {
            return Problems.Invalid(KeyHeader, $"Must be 1 to 200 letters, digits, '-', '_', '.' or ':'; got '{idempotencyKey}'.");
        }

        var (request, problem) = await RequestBody.ReadAsync<JobRequest>(context.Request, cancellationToken);
        if (request is null)
        {
            return problem!;
        }

        var submitted = await submit.RunAsync(request, idempotencyKey, cancellationToken);
        if (submitted.Job is not { } job)
        {
            return Problems.Invalid(submitted.Errors);
        }

        if (submitted.Outcome == SubmitOutcome.Conflict)
        {
            return Problems.Invalid(KeyHeader, $"Came before with another request, which made job {job.Id}. A new request needs a new key.", StatusCodes.Status422UnprocessableEntity);
        }

        return TypedResults.Accepted($"{context.Request.PathBase}/v1/jobs/{job.Id}", job);
    }

    public static async Task<Results<Ok<Page<JobView>>, ProblemHttpResult>> ListAsync(
        HttpRequest request, [FromQuery] string[]? state, string? q, string? cursor, int? limit, JobQueries jobs, CancellationToken cancellationToken)
    {
        var rules = new QueryRules(request.Query, "state", "q", "cursor", "limit");
        var filter = new JobFilter(rules.Any<JobState>("state", state), q, rules.Id("cursor", cursor), rules.Limit(limit, 50, 500));
        return rules.Problem is { } problem ? problem : TypedResults.Ok(await jobs.ListAsync(filter, cancellationToken));
    }

    public static async Task<Results<Ok<JobView>, ProblemHttpResult>> GetAsync(Guid id, JobQueries jobs, CancellationToken cancellationToken) =>
        await jobs.GetAsync(id, cancellationToken) is { } job ? TypedResults.Ok(job) : Problems.NoJob(id);

    public static async Task<Results<Ok<JobView>, ProblemHttpResult>> CancelAsync(Guid id, CancelJob cancel, CancellationToken cancellationToken) =>
        await cancel.RunAsync(id, cancellationToken) switch
        {
            null => Problems.NoJob(id),
            { WasCancelled: false, Job: { State: not JobState.Cancelled } job } => Problems.Of(
                StatusCodes.Status409Conflict, $"Job {id} is {job.State} already; only a job that is queued, running or paused can be cancelled."),
            { Job: var job } => TypedResults.Ok(job),
        };

    public static async Task<Results<Ok<JobView>, ProblemHttpResult>> PauseAsync(Guid id, PauseJob pause, CancellationToken cancellationToken) =>
        await pause.PauseAsync(id, cancellationToken) switch
        {
            null => Problems.NoJob(id),
            { IsPaused: false, Job: var job } => Problems.Of(StatusCodes.Status409Conflict, $"Job {id} is {job.State} already; only a job that is queued or running can be paused."),
            { Job: var job } => TypedResults.Ok(job),
        };

    public static async Task<Results<Ok<JobView>, ProblemHttpResult>> ResumeAsync(Guid id, PauseJob pause, CancellationToken cancellationToken) =>
        await pause.ResumeAsync(id, cancellationToken) switch
        {
            null => Problems.NoJob(id),
            { CanGoOn: false, Job: var job } => Problems.Of(StatusCodes.Status409Conflict, $"Job {id} is {job.State} already; only a job that is paused can be resumed."),
            { Job: var job } => TypedResults.Ok(job),
        };

    [GeneratedRegex(@"\A[A-Za-z0-9_.:-]{1,200}\z")]
    private static partial Regex Key();
}
