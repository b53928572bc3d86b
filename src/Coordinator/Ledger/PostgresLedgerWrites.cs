namespace RenderFarm.Coordinator.Ledger;

/// <summary>One statement over arrays.</summary>
/// <param name="What">What it does, for the error.</param>
/// <param name="Sql">With positional parameters.</param>
/// <param name="Rows">Rows that it must change; null when some may be gone.</param>
/// <param name="Arrays">Parameters, one column each.</param>
internal sealed record PostgresLedgerWrite(string What, string Sql, int? Rows, IReadOnlyList<object> Arrays);

/// <summary>Turns changed rows into statements over arrays: as many statements as there are kinds of change, never one per row.</summary>
internal static class PostgresLedgerWrites
{
    public static IEnumerable<PostgresLedgerWrite> Of(LedgerChanges changes, TimeSpan leaseFor) =>
        new[]
        {
            ClearSpans(changes.ClearedJobs), DeleteSpans(changes.DeletedSpans), AddSpans(changes.AddedSpans), RankSpans(changes.RankedJobs), DeleteLeases(changes.DeletedLeases),
            AddLeases(changes.AddedLeases), RenewLeases([.. changes.RenewedLeases], leaseFor), AddFrames(changes.AddedFrames), RequeueFrames(changes.RequeuedFrames),
            DropFrames(changes.DroppedFrames), AddAttempts(changes.AddedAttempts), AddLateFrames(changes.LateFrames), AddRefusals(changes.Refused), UpdateJobs(changes.Jobs), UpdateWorkers(changes.WorkerFrames),
        }.OfType<PostgresLedgerWrite>();

    private static PostgresLedgerWrite? ClearSpans(List<Guid> jobs) =>
        Write("Clear spans", jobs.Count, null, "DELETE FROM spans WHERE job_id = ANY($1)", jobs.ToArray());

    private static PostgresLedgerWrite? DeleteSpans(List<Span> spans) => Write(
        "Delete spans", spans.Count, spans.Count,
        "DELETE FROM spans s USING unnest($1, $2, $3) d(job_id, \"first\", \"count\") WHERE s.job_id = d.job_id AND s.\"first\" = d.\"first\" AND s.\"count\" = d.\"count\"",
        Column(spans, span => span.JobId), Column(spans, span => span.First), Column(spans, span => span.Count));

    private static PostgresLedgerWrite? AddSpans(List<Span> spans) => Write(
        "Add spans", spans.Count, spans.Count,
        """
        INSERT INTO spans (job_id, "first", "count", tries, crashes, alone, tried_workers, available_at, rank, priority, submitted_at)
        SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
        """,
        Column(spans, span => span.JobId), Column(spans, span => span.First), Column(spans, span => span.Count), Column(spans, span => span.Tries),
        Column(spans, span => span.Crashes), Column(spans, span => span.Alone), Column(spans, span => span.TriedWorkers), Column(spans, span => span.AvailableAt), Column(spans, span => span.Rank), Column(spans, span => span.Priority),
        Column(spans, span => span.SubmittedAt));

    private static PostgresLedgerWrite? RankSpans(List<Jobs.Job> jobs) => Write(
        "Rank spans", jobs.Count, null, "UPDATE spans s SET rank = r.rank FROM unnest($1, $2) r(job_id, rank) WHERE s.job_id = r.job_id",
        Column(jobs, job => job.Id), Column(jobs, Span.RankOf));

    private static PostgresLedgerWrite? DeleteLeases(List<Guid> attempts) =>
        Write("Delete leases", attempts.Count, attempts.Count, "DELETE FROM leases WHERE attempt_id = ANY($1)", attempts.ToArray());

    private static PostgresLedgerWrite? AddLeases(List<Lease> leases) => Write(
        "Add leases", leases.Count, leases.Count,
        """
        INSERT INTO leases (attempt_id, fence, job_id, "first", "count", tries, crashes, alone, tried_workers, worker, worker_epoch, offered_at, accept_by, state)
        SELECT *, 'Offered' FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
        """,
        Column(leases, lease => lease.AttemptId), Column(leases, lease => lease.Fence), Column(leases, lease => lease.JobId), Column(leases, lease => lease.First),
        Column(leases, lease => lease.Count), Column(leases, lease => lease.Tries), Column(leases, lease => lease.Crashes), Column(leases, lease => lease.Alone),
        Column(leases, lease => lease.TriedWorkers), Column(leases, lease => lease.Worker),
        Column(leases, lease => lease.WorkerEpoch), Column(leases, lease => lease.OfferedAt), Column(leases, lease => lease.AcceptBy));

    private static PostgresLedgerWrite? RenewLeases(List<Guid> attempts, TimeSpan leaseFor) => Write(
        "Renew leases", attempts.Count, attempts.Count,
        "UPDATE leases SET state = 'Accepted', lease_until = GREATEST(lease_until, clock_timestamp() + $2) WHERE attempt_id = ANY($1)", attempts.ToArray(), leaseFor);

    private static PostgresLedgerWrite? AddFrames(List<Frame> frames) => Write(
        "Add frames", frames.Count, frames.Count,
        """
        INSERT INTO frames (job_id, "index", state, seed, artifact_key, sha256, bytes, width, height, attempt_id, worker, render_milliseconds, error, committed_at, version)
        SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
        """,
        Column(frames, frame => frame.JobId), Column(frames, frame => frame.Index), Column(frames, frame => frame.State.ToString()), Column(frames, frame => frame.Seed),
        Column(frames, frame => frame.ArtifactKey), Column(frames, frame => frame.Sha256), Column(frames, frame => frame.Bytes), Column(frames, frame => frame.Width),
        Column(frames, frame => frame.Height), Column(frames, frame => frame.AttemptId), Column(frames, frame => frame.Worker),
        Column(frames, frame => frame.RenderMilliseconds), Column(frames, frame => frame.Error), Column(frames, frame => frame.CommittedAt), Column(frames, frame => frame.Version));

    private static PostgresLedgerWrite? RequeueFrames(List<(Guid JobId, long Index)> frames) => Write(
        "Requeue frames", frames.Count, frames.Count,
        "DELETE FROM frames f USING unnest($1, $2) r(job_id, \"index\") WHERE f.job_id = r.job_id AND f.\"index\" = r.\"index\" AND f.state = 'Quarantined'",
        Column(frames, frame => frame.JobId), Column(frames, frame => frame.Index));

    private static PostgresLedgerWrite? DropFrames(List<(Jobs.Job Job, long Index)> frames) => Write(
        "Drop frames", frames.Count, frames.Count,
        """
        UPDATE frames f SET state = 'Failed', version = d.version FROM unnest($1, $2, $3) d(job_id, "index", version)
        WHERE f.job_id = d.job_id AND f."index" = d."index" AND f.state = 'Quarantined'
        """,
        Column(frames, frame => frame.Job.Id), Column(frames, frame => frame.Index), Column(frames, frame => frame.Job.Version));

    private static PostgresLedgerWrite? AddAttempts(List<Attempt> attempts) => Write(
        "Add attempts", attempts.Count, attempts.Count,
        """
        INSERT INTO attempts (attempt_id, job_id, fence, "first", "count", rendered, worker, worker_epoch, started_at, ended_at, outcome, error_class, message, evidence, refused)
        SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
        """,
        Column(attempts, attempt => attempt.AttemptId), Column(attempts, attempt => attempt.JobId), Column(attempts, attempt => attempt.Fence),
        Column(attempts, attempt => attempt.First), Column(attempts, attempt => attempt.Count), Column(attempts, attempt => attempt.Rendered),
        Column(attempts, attempt => attempt.Worker), Column(attempts, attempt => attempt.WorkerEpoch), Column(attempts, attempt => attempt.StartedAt),
        Column(attempts, attempt => attempt.EndedAt), Column(attempts, attempt => attempt.Outcome.ToString()), Column(attempts, attempt => attempt.ErrorClass?.ToString()),
        Column(attempts, attempt => attempt.Message), Column(attempts, attempt => attempt.Evidence), Column(attempts, attempt => attempt.Refused));

    private static PostgresLedgerWrite? AddLateFrames(Dictionary<Guid, int> late) => Write(
        "Add late frames", late.Count, late.Count,
        "UPDATE attempts a SET rendered = a.rendered + l.rendered FROM unnest($1, $2) l(attempt_id, rendered) WHERE a.attempt_id = l.attempt_id",
        late.Keys.ToArray(), late.Values.ToArray());

    private static PostgresLedgerWrite? AddRefusals(Dictionary<Guid, string> refused) => Write(
        "Add refusals", refused.Count, refused.Count,
        "UPDATE attempts a SET refused = r.refused FROM unnest($1, $2) r(attempt_id, refused) WHERE a.attempt_id = r.attempt_id",
        refused.Keys.ToArray(), refused.Values.ToArray());

    private static PostgresLedgerWrite? UpdateJobs(List<Jobs.Job> jobs) => Write(
        "Update jobs", jobs.Count, jobs.Count,
        """
        UPDATE jobs j SET state = u.state, rendered = u.rendered, failed = u.failed, cancelled = u.cancelled, render_milliseconds = u.render_milliseconds,
               next_fence = u.next_fence, version = u.version, started_at = u.started_at, finished_at = u.finished_at, error = u.error,
               quarantined = u.quarantined
        FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
             u(id, state, rendered, failed, cancelled, render_milliseconds, next_fence, version, started_at, finished_at, error, quarantined)
        WHERE j.id = u.id AND j.version = u.version - 1
        """,
        Column(jobs, job => job.Id), Column(jobs, job => job.State.ToString()), Column(jobs, job => job.Rendered), Column(jobs, job => job.Failed),
        Column(jobs, job => job.Cancelled), Column(jobs, job => job.RenderMilliseconds), Column(jobs, job => job.NextFence), Column(jobs, job => job.Version),
        Column(jobs, job => job.StartedAt), Column(jobs, job => job.FinishedAt), Column(jobs, job => job.Error),
        Column(jobs, job => job.Quarantined));

    /// <summary>In the order of names, so that two transactions never wait for each other.</summary>
    private static PostgresLedgerWrite? UpdateWorkers(Dictionary<(string Worker, long Epoch), int> frames)
    {
        return Write(
            "Update workers", frames.Count, null,
            """
            UPDATE workers w SET rendered = w.rendered + u.rendered
            FROM (SELECT h.name, u.rendered FROM workers h JOIN unnest($1, $2, $3) u(name, epoch, rendered) ON h.name = u.name AND h.epoch = u.epoch ORDER BY h.name FOR UPDATE OF h) u
            WHERE w.name = u.name
            """,
            frames.Keys.Select(key => key.Worker).ToArray(), frames.Keys.Select(key => key.Epoch).ToArray(), frames.Values.ToArray());
    }

    private static TColumn[] Column<TRow, TColumn>(List<TRow> rows, Func<TRow, TColumn> column) => [.. rows.Select(column)];

    private static PostgresLedgerWrite? Write(string what, int count, int? rows, string sql, params IReadOnlyList<object> arrays) =>
        count == 0 ? null : new PostgresLedgerWrite(what, sql, rows, arrays);
}
