using RenderFarm.Coordinator.Jobs;
using RenderFarm.Shared;

namespace RenderFarm.Coordinator.Ledger;

/// <summary>A frame that has its row.</summary>
internal readonly record struct SettledFrame(Guid JobId, long Index, Guid AttemptId, FrameState State);

/// <summary>Rows that a transaction has locked and read, at one moment of the database's clock.</summary>
internal sealed record LedgerRows(
    DateTimeOffset Now, IReadOnlyList<Job> Jobs, IReadOnlyList<Span> Spans, IReadOnlyList<Lease> Leases, IReadOnlyList<Attempt> Attempts, IReadOnlyList<SettledFrame> Settled);

/// <summary>
/// All rules of the ledger, on the rows that a transaction has read: no database in it. Each method moves frames between
/// spans, leases and settled frames; what has changed is then written at once.
/// </summary>
internal sealed partial class LedgerBook
{
    private readonly LedgerOptions _options;
    private readonly Dictionary<Guid, Job> _jobs;
    private readonly Dictionary<Guid, JobSpans> _spans;
    private readonly Dictionary<Guid, Lease> _leases;
    private readonly Dictionary<Guid, Attempt> _attempts;
    private readonly Dictionary<(Guid JobId, long Index), SettledFrame> _settled;
    private readonly Dictionary<Guid, (int Rendered, int Failed)> _changed = [];

    public LedgerBook(LedgerRows rows, LedgerOptions options)
    {
        _options = options;
        Now = rows.Now;
        _jobs = rows.Jobs.ToDictionary(job => job.Id);
        _spans = rows.Jobs.ToDictionary(job => job.Id, job => new JobSpans(job));
        _leases = rows.Leases.ToDictionary(lease => lease.AttemptId);
        _attempts = rows.Attempts.ToDictionary(attempt => attempt.AttemptId);
        _settled = rows.Settled.ToDictionary(frame => (frame.JobId, frame.Index));
        foreach (var span in rows.Spans)
        {
            _spans[span.JobId].Read(span);
        }
    }

    public DateTimeOffset Now { get; }

    /// <summary>Rows to write.</summary>
    public LedgerChanges Changes { get; } = new();

    /// <summary>Leases that ended here.</summary>
    public List<EndedLease> Ended { get; } = [];

    /// <summary>Jobs that changed here.</summary>
    public IReadOnlyList<JobChange> ChangedJobs =>
        [.. _changed.Select(change => (Job: _jobs[change.Key], Frames: change.Value))
            .Select(change => new JobChange(change.Job.Id, change.Job.Version, change.Job.State, change.Job.Model, change.Frames.Rendered, change.Frames.Failed))];

    public Job? Job(Guid id) => _jobs.GetValueOrDefault(id);

    /// <summary>Completes <see cref="Changes"/>; the last call.</summary>
    public LedgerChanges Close()
    {
        foreach (var spans in _spans.Values)
        {
            Changes.DeletedSpans.AddRange(spans.Deleted);
            Changes.AddedSpans.AddRange(spans.Added);
        }

        Changes.Jobs.AddRange(_changed.Keys.Order().Select(id => _jobs[id]));
        return Changes;
    }

    /// <summary>The live lease of an attempt; null when it has ended, never was, or is named with a stale fence.</summary>
    private Lease? LiveLease(Guid attemptId, long fence, Guid jobId) =>
        _leases.TryGetValue(attemptId, out var lease) && lease.Fence == fence && lease.JobId == jobId && _jobs.ContainsKey(jobId) ? lease : null;

    /// <summary>The job, with a new version the first time that this transaction touches it.</summary>
    private Job Touch(Guid jobId, int rendered = 0, int failed = 0)
    {
        var job = _jobs[jobId];
        if (!_changed.TryGetValue(jobId, out var frames))
        {
            job.NextVersion();
        }

        _changed[jobId] = (frames.Rendered + rendered, frames.Failed + failed);
        return job;
    }

    private bool IsSettled(Lease lease, long index) => _settled.ContainsKey((lease.JobId, index));

    /// <summary>Ranges of a lease that are not settled.</summary>
    private IEnumerable<(long First, long Count)> Left(Lease lease)
    {
        var first = lease.First;
        for (var index = lease.First; index <= lease.End; index++)
        {
            if (index == lease.End || IsSettled(lease, index))
            {
                if (index > first)
                {
                    yield return (first, index - first);
                }

                first = index + 1;
            }
        }
    }

    private void EndLease(Lease lease, AttemptOutcome outcome, ErrorClass? errorClass = null, string? message = null, string? evidence = null)
    {
        var rendered = 0;
        for (var index = lease.First; index < lease.End; index++)
        {
            rendered += _settled.TryGetValue((lease.JobId, index), out var frame) && frame.State == FrameState.Rendered && frame.AttemptId == lease.AttemptId ? 1 : 0;
        }

        var isPartial = rendered > 0 && outcome is not (AttemptOutcome.Succeeded or AttemptOutcome.Expired or AttemptOutcome.Cancelled);
        var attempt = new Attempt
        {
            AttemptId = lease.AttemptId,
            JobId = lease.JobId,
            Fence = lease.Fence,
            First = lease.First,
            Count = lease.Count,
            Rendered = rendered,
            Worker = lease.Worker,
            WorkerEpoch = lease.WorkerEpoch,
            StartedAt = lease.OfferedAt,
            EndedAt = Now,
            Outcome = isPartial ? AttemptOutcome.Partial : outcome,
            ErrorClass = errorClass,
            Message = message,
            Evidence = evidence,
        };
        _leases.Remove(lease.AttemptId);
        _attempts.Add(attempt.AttemptId, attempt);
        Changes.RenewedLeases.Remove(lease.AttemptId);
        Changes.DeletedLeases.Add(lease.AttemptId);
        Changes.AddedAttempts.Add(attempt);
        Ended.Add(new EndedLease(attempt.AttemptId, attempt.JobId, attempt.Worker, attempt.WorkerEpoch, attempt.Outcome, rendered, lease.Strikes.WereTriedBy(lease.Worker)));
    }
}
