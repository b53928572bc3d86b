namespace RenderFarm.Coordinator.Ledger;

/// <summary>One statement, run for each row.</summary>
/// <param name="What">What it does, for the error.</param>
/// <param name="Sql">With parameters @p1, @p2, ...</param>
/// <param name="MustChange">Whether each run must change its row.</param>
/// <param name="Rows">Parameters of each run.</param>
internal sealed record SqliteLedgerWrite(string What, string Sql, bool MustChange, IEnumerable<object?[]> Rows);

/// <summary>Turns changed rows into statements that run for each row.</summary>
internal static class SqliteLedgerWrites
{
    public static IEnumerable<SqliteLedgerWrite> Of(LedgerChanges changes, TimeSpan leaseFor, string clock) =>
    [
        new("Clear spans", "DELETE FROM spans WHERE job_id = @p1", false, changes.ClearedJobs.Select(job => new object?[] { job })),
        new(
            "Delete spans", "DELETE FROM spans WHERE job_id = @p1 AND \"first\" = @p2 AND \"count\" = @p3", true,
            changes.DeletedSpans.Select(span => new object?[] { span.JobId, span.First, span.Count })),
        new(
            "Add spans",
            """
            INSERT INTO spans (job_id, "first", "count", tries, crashes, alone, tried_workers, available_at, rank, priority, submitted_at)
            VALUES (@p1, @p2, @p3, @p4, @p5, @p6, @p7, @p8, @p9, @p10, @p11)
            """, true,
            changes.AddedSpans.Select(span => new object?[]
            {
                span.JobId, span.First, span.Count, span.Tries, span.Crashes, span.Alone, span.TriedWorkers, span.AvailableAt, span.Rank, span.Priority, span.SubmittedAt,
            })),
        new("Rank spans", "UPDATE spans SET rank = @p2 WHERE job_id = @p1", false, changes.RankedJobs.Select(job => new object?[] { job.Id, Span.RankOf(job) })),
        new("Delete leases", "DELETE FROM leases WHERE attempt_id = @p1", true, changes.DeletedLeases.Select(attempt => new object?[] { attempt })),
        new(
            "Add leases",
            """
            INSERT INTO leases (attempt_id, fence, job_id, "first", "count", tries, crashes, alone, tried_workers, worker, worker_epoch, offered_at, accept_by, state)
            VALUES (@p1, @p2, @p3, @p4, @p5, @p6, @p7, @p8, @p9, @p10, @p11, @p12, @p13, 'Offered')
            """, true,
            changes.AddedLeases.Select(lease => new object?[]
            {
                lease.AttemptId, lease.Fence, lease.JobId, lease.First, lease.Count, lease.Tries, lease.Crashes, lease.Alone, lease.TriedWorkers, lease.Worker, lease.WorkerEpoch,
                lease.OfferedAt, lease.AcceptBy,
            })),
        new(
            "Renew leases", $"UPDATE leases SET state = 'Accepted', lease_until = MAX(COALESCE(lease_until, 0), {clock} + @p2) WHERE attempt_id = @p1", true,
            changes.RenewedLeases.Select(attempt => new object?[] { attempt, leaseFor })),
        new(
            "Add frames",
            """
            INSERT INTO frames (job_id, "index", state, seed, artifact_key, sha256, bytes, width, height, attempt_id, worker, render_milliseconds, error, committed_at, version)
            VALUES (@p1, @p2, @p3, @p4, @p5, @p6, @p7, @p8, @p9, @p10, @p11, @p12, @p13, @p14, @p15)
            """, true,
            changes.AddedFrames.Select(frame => new object?[]
            {
                frame.JobId, frame.Index, frame.State, frame.Seed, frame.ArtifactKey, frame.Sha256, frame.Bytes, frame.Width, frame.Height, frame.AttemptId, frame.Worker,
                frame.RenderMilliseconds, frame.Error, frame.CommittedAt, frame.Version,
            })),
        new(
            "Requeue frames", "DELETE FROM frames WHERE job_id = @p1 AND \"index\" = @p2 AND state = 'Quarantined'", true,
            changes.RequeuedFrames.Select(frame => new object?[] { frame.JobId, frame.Index })),
        new(
            "Drop frames", "UPDATE frames SET state = 'Failed', version = @p3 WHERE job_id = @p1 AND \"index\" = @p2 AND state = 'Quarantined'", true,
            changes.DroppedFrames.Select(frame => new object?[] { frame.Job.Id, frame.Index, frame.Job.Version })),
        new(
            "Add attempts",
            """
            INSERT INTO attempts (attempt_id, job_id, fence, "first", "count", rendered, worker, worker_epoch, started_at, ended_at, outcome, error_class, message, evidence, refused)
            VALUES (@p1, @p2, @p3, @p4, @p5, @p6, @p7, @p8, @p9, @p10, @p11, @p12, @p13, @p14, @p15)
            """, true,
            changes.AddedAttempts.Select(attempt => new object?[]
            {
                attempt.AttemptId, attempt.JobId, attempt.Fence, attempt.First, attempt.Count, attempt.Rendered, attempt.Worker, attempt.WorkerEpoch, attempt.StartedAt,
                attempt.EndedAt, attempt.Outcome, attempt.ErrorClass, attempt.Message, attempt.Evidence, attempt.Refused,
            })),
        new("Add late frames", "UPDATE attempts SET rendered = rendered + @p2 WHERE attempt_id = @p1", true, changes.LateFrames.Select(late => new object?[] { late.Key, late.Value })),
        new("Add refusals", "UPDATE attempts SET refused = @p2 WHERE attempt_id = @p1", true, changes.Refused.Select(refused => new object?[] { refused.Key, refused.Value })),
        new(
            "Update jobs",
            """
            UPDATE jobs SET state = @p2, rendered = @p3, failed = @p4, cancelled = @p5, render_milliseconds = @p6, next_fence = @p7, version = @p8, started_at = @p9,
                   finished_at = @p10, error = @p11, quarantined = @p12
            WHERE id = @p1 AND version = @p8 - 1
            """, true,
            changes.Jobs.Select(job => new object?[]
            {
                job.Id, job.State, job.Rendered, job.Failed, job.Cancelled, job.RenderMilliseconds, job.NextFence, job.Version, job.StartedAt, job.FinishedAt, job.Error, job.Quarantined,
            })),
        new(
            "Update workers", "UPDATE workers SET rendered = rendered + @p3 WHERE name = @p1 AND epoch = @p2", false,
            changes.WorkerFrames.Select(frames => new object?[] { frames.Key.Worker, frames.Key.Epoch, frames.Value })),
    ];
}
