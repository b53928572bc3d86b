using Microsoft.AspNetCore.Http.HttpResults;
using RenderFarm.Coordinator.Jobs;
using RenderFarm.Coordinator.Standing;
using RenderFarm.Coordinator.Workers;
using RenderFarm.Shared.Api;

namespace RenderFarm.Coordinator.Api;

/// <summary>Workers over HTTP: who they are, and what they may do.</summary>
internal static class WorkersApi
{
    private const int MaxReason = 500;
    private const string NoReason = "By an operator.";

    public static void MapWorkers(this IEndpointRouteBuilder v1)
    {
        var workers = v1.MapGroup("/workers").WithTags("Farm");
        workers.MapGet("", (WorkerQueries queries, CancellationToken cancellationToken) => queries.ListAsync(cancellationToken)).WithSummary("List the workers");
        workers.MapGet("/{name}", GetAsync).WithSummary("Show a worker").ProducesProblem(404);
        workers.MapPost("/{name}/drain", DrainAsync).WithSummary("Drain a worker until it is resumed")
            .Accepts<WorkerDrain>(isOptional: true, "application/json").ProducesValidationProblem().ProducesProblem(404).ProducesProblem(409).ProducesProblem(415);
        workers.MapPost("/{name}/resume", ResumeAsync).WithSummary("Let a drained worker render again").ProducesProblem(404).ProducesProblem(409);
        workers.MapPost("/{name}/block", BlockAsync).WithSummary("Keep a worker from a model or a job")
            .Accepts<WorkerBlocking>("application/json").ProducesValidationProblem().ProducesProblem(404).ProducesProblem(415);
        workers.MapPost("/{name}/unblock", UnblockAsync).WithSummary("Lift a block")
            .Accepts<WorkerBlocking>("application/json").ProducesValidationProblem().ProducesProblem(404).ProducesProblem(415);
    }

    private static async Task<Results<Ok<WorkerView>, ProblemHttpResult>> GetAsync(string name, WorkerQueries queries, CancellationToken cancellationToken) =>
        await queries.GetAsync(name, cancellationToken) is { } worker ? TypedResults.Ok(worker) : NoWorker(name);

    private static async Task<Results<Ok<WorkerView>, ProblemHttpResult>> DrainAsync(
        string name, HttpRequest request, DrainWorker drain, WorkerQueries queries, CancellationToken cancellationToken)
    {
        // A drain needs no words, so it needs no body either.
        var (order, problem) = request.ContentType is null ? (new WorkerDrain(), null) : await RequestBody.ReadAsync<WorkerDrain>(request, cancellationToken);
        if (order is null || (problem = WrongReason(order.Reason)) is not null)
        {
            return problem!;
        }

        return await AnswerAsync(await drain.DrainAsync(name, Words(order.Reason), cancellationToken), name, queries, cancellationToken);
    }

    private static async Task<Results<Ok<WorkerView>, ProblemHttpResult>> ResumeAsync(string name, DrainWorker drain, WorkerQueries queries, CancellationToken cancellationToken) =>
        await AnswerAsync(await drain.ResumeAsync(name, cancellationToken), name, queries, cancellationToken);

    private static async Task<Results<Ok<WorkerView>, ProblemHttpResult>> BlockAsync(
        string name, HttpRequest request, BlockWorker block, WorkerQueries queries, CancellationToken cancellationToken)
    {
        var (target, problem) = await TargetAsync(request, cancellationToken);
        if (target is null)
        {
            return problem!;
        }

        if (!await block.IsKnownAsync(target.Scope, target.Target, cancellationToken))
        {
            return Problems.Invalid(Field(target), $"There is no {Field(target)} '{target.Target}'.");
        }

        return await AnswerAsync(await block.BlockAsync(name, target, cancellationToken), name, queries, cancellationToken);
    }

    private static async Task<Results<Ok<WorkerView>, ProblemHttpResult>> UnblockAsync(
        string name, HttpRequest request, BlockWorker block, WorkerQueries queries, CancellationToken cancellationToken)
    {
        var (target, problem) = await TargetAsync(request, cancellationToken);
        return target is null ? problem! : await AnswerAsync(await block.UnblockAsync(name, target.Scope, target.Target, cancellationToken), name, queries, cancellationToken);
    }

    private static async Task<(BlockTarget? Target, ProblemHttpResult? Problem)> TargetAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        var (order, problem) = await RequestBody.ReadAsync<WorkerBlocking>(request, cancellationToken);
        if (order is null || (problem = WrongReason(order.Reason)) is not null)
        {
            return (null, problem);
        }

        var errors = new FieldErrors();
        if (string.IsNullOrEmpty(order.Model) == string.IsNullOrEmpty(order.Job))
        {
            errors.Add("model", "Give either 'model' or 'job'.");
        }
        else if (order.Job is not null && !Guid.TryParse(order.Job, out _))
        {
            errors.Add("job", $"Must be the id of a job; got '{order.Job}'.");
        }

        return errors.IsEmpty
            ? (string.IsNullOrEmpty(order.Job)
                ? new BlockTarget(BlockScope.Model, order.Model!, Words(order.Reason))
                : new BlockTarget(BlockScope.Job, Guid.Parse(order.Job).ToString(), Words(order.Reason)), null)
            : (null, Problems.Invalid(errors));
    }

    private static ProblemHttpResult? WrongReason(string? reason) => reason switch
    {
        { Length: > MaxReason } => Problems.Invalid("reason", $"Must have up to {MaxReason} characters; got {reason.Length}."),
        _ when DrainReasons.IsOfStrikes(reason) => Problems.Invalid("reason", "Must not start with 'Strikes: ', as the reasons of the farm itself do."),
        _ => null,
    };

    private static async Task<Results<Ok<WorkerView>, ProblemHttpResult>> AnswerAsync(OrderOutcome outcome, string name, WorkerQueries queries, CancellationToken cancellationToken) =>
        (outcome, await queries.GetAsync(name, cancellationToken)) switch
        {
            (OrderOutcome.IsGone, _) => Problems.Of(StatusCodes.Status409Conflict, $"Worker '{name}' has left the farm; when it is started again it begins afresh."),
            (OrderOutcome.DrainsItself, _) => Problems.Of(StatusCodes.Status409Conflict, $"Worker '{name}' drains by itself: it stops, or its disk is full. Nobody has ordered it to drain."),
            (OrderOutcome.Done, { } worker) => TypedResults.Ok(worker),
            (OrderOutcome.NoWorker or OrderOutcome.Done, _) => NoWorker(name),
            _ => throw new ArgumentOutOfRangeException(nameof(outcome), outcome, "Unknown outcome of an order."),
        };

    private static ProblemHttpResult NoWorker(string name) => Problems.Of(StatusCodes.Status404NotFound, $"There is no worker '{name}'.");

    private static string Field(BlockTarget target) => target.Scope == BlockScope.Job ? "job" : "model";

    private static string Words(string? reason) => string.IsNullOrWhiteSpace(reason) ? NoReason : reason.Trim();
}
