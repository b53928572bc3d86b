using Microsoft.EntityFrameworkCore;
using RenderFarm.Coordinator.Database;
using RenderFarm.Coordinator.Jobs;

namespace RenderFarm.Coordinator.Ledger;

internal sealed partial class FrameLedger
{
    /// <summary>Stores a job with its prompts, all its frames in one span. Without prompts the settings' own prompt drives the frames.</summary>
    public async Task<SubmitResult> SubmitAsync(Job job, IReadOnlyList<string>? prompts, CancellationToken cancellationToken)
    {
        RequireConsistent(job, prompts);
        var isAgain = false;
        try
        {
            var result = await WriteAsync(
                async db =>
                {
                    if (isAgain && await db.Jobs.AsNoTracking().AnyAsync(known => known.Id == job.Id, cancellationToken))
                    {
                        // The first round was committed before its connection broke.
                        return new SubmitResult(SubmitOutcome.Created, job);
                    }

                    // Whether the key came before, which it seldom did, the index finds out.
                    isAgain = true;
                    job.Submit(await sql.ReadClockAsync(db, cancellationToken));
                    db.Add(job);
                    db.AddRange(JobPage.Pack(job.Id, prompts ?? []));
                    db.Add(Span.Of(job, 0, job.FrameCount, Strikes.None, job.CreatedAt));
                    await db.SaveChangesAsync(cancellationToken);
                    return new SubmitResult(SubmitOutcome.Created, job);
                },
                cancellationToken);
            if (result.Outcome == SubmitOutcome.Created)
            {
                history?.Submitted(result.Job);
            }

            return result;
        }
        catch (DbUpdateException problem) when (sql.IsDuplicateKey(problem))
        {
            await using var db = await databases.CreateDbContextAsync(cancellationToken);
            return await EarlierAsync(db, job, cancellationToken) ?? throw new InvalidOperationException($"The job of idempotency key '{job.IdempotencyKey}' is gone.", problem);
        }
    }

    private static void RequireConsistent(Job job, IReadOnlyList<string>? prompts)
    {
        var driven = prompts?.Count ?? (job.Settings.Prompt is null ? 0 : 1);
        if (prompts is not null && job.Settings.Prompt is not null)
        {
            throw new ArgumentException($"Job {job.Id} has a prompt in its settings and {prompts.Count} prompts; one of the two drives the frames.", nameof(prompts));
        }

        if (driven == 0 || driven != job.PromptCount || job.FrameCount != job.Count * job.PromptCount || job.Settings.Seed is null)
        {
            throw new ArgumentException(
                $"Job {job.Id} says PromptCount {job.PromptCount}, Count {job.Count}, FrameCount {job.FrameCount} and Seed {job.Settings.Seed}, but brings {driven} prompts; a seed must be set and FrameCount be Count times the prompts.",
                nameof(job));
        }
    }

    private static async Task<SubmitResult?> EarlierAsync(FarmDb db, Job job, CancellationToken cancellationToken)
    {
        var earlier = await db.Jobs.AsNoTracking().SingleOrDefaultAsync(known => known.Tenant == job.Tenant && known.IdempotencyKey == job.IdempotencyKey, cancellationToken);
        return earlier is null ? null : new SubmitResult(earlier.RequestHash == job.RequestHash ? SubmitOutcome.Existing : SubmitOutcome.Conflict, earlier);
    }
}
