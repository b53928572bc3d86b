using RenderFarm.Coordinator.Jobs;
using RenderFarm.Coordinator.Ledger;
using RenderFarm.Shared;
using RenderFarm.Shared.Protocol;

namespace RenderFarm.Coordinator.Tests.Ledger.Walks;

/// <summary>What is SQL in the ledger: reads, writes and the statements that need no rules.</summary>
internal sealed partial class MemoryLedger
{
    private IEnumerable<Lease> Leases => _jobs.Values.SelectMany(rows => rows.Leases.Values);

    public Task<IReadOnlyList<Guid>> AcceptAsync(IReadOnlyList<LeaseAccepted> accepted, LedgerOptions options)
    {
        var gone = new List<Guid>();
        foreach (var said in accepted)
        {
            if (Find(said.AttemptId) is { } lease && lease.Fence == said.Fence)
            {
                _jobs[lease.JobId].Time(lease, LeaseState.Accepted, lease.AcceptBy, lease.LeaseUntil ?? Now + options.LeaseFor);
            }
            else
            {
                gone.Add(said.AttemptId);
            }
        }

        return Task.FromResult<IReadOnlyList<Guid>>(gone);
    }

    public Task<IReadOnlyList<Guid>> RenewAsync(string worker, long epoch, IReadOnlyList<Guid> attempts, LedgerOptions options)
    {
        var gone = new List<Guid>();
        foreach (var attempt in attempts)
        {
            if (Find(attempt) is { } lease && lease.Worker == worker && lease.WorkerEpoch == epoch)
            {
                Renew(lease, options);
            }
            else
            {
                gone.Add(attempt);
            }
        }

        return Task.FromResult<IReadOnlyList<Guid>>(gone);
    }

    public Task<int> ExtendAsync(TimeSpan time)
    {
        var leases = Leases.ToList();
        leases.ForEach(lease => _jobs[lease.JobId].Time(lease, lease.State, Later(lease.AcceptBy, Now + time), lease.LeaseUntil is { } until ? Later(until, Now + time) : null));
        return Task.FromResult(leases.Count);
    }

    private static DateTimeOffset Later(DateTimeOffset left, DateTimeOffset right) => left > right ? left : right;

    private IEnumerable<SettledFrame> Quarantined(MemoryRows rows, TimeSpan? since) =>
        rows.Frames.Values.Where(x => x.Frame.State == FrameState.Quarantined && (since is null || x.At <= Now - since)).Select(x => x.Frame);

    private Lease? Find(Guid attempt) => _jobs.Values.Select(rows => rows.Leases.GetValueOrDefault(attempt)).FirstOrDefault(lease => lease is not null);

    private void Renew(Lease lease, LedgerOptions options) =>
        _jobs[lease.JobId].Time(lease, LeaseState.Accepted, lease.AcceptBy, Later(lease.LeaseUntil ?? DateTimeOffset.MinValue, Now + options.LeaseFor));

    private List<Job> Lock(IEnumerable<Guid> ids) => [.. ids.Distinct().Where(_jobs.ContainsKey).Order().Select(id => MemoryRows.Copy(_jobs[id].Job))];

    private LedgerBook Change(List<(Guid Attempt, Guid Job)> attempts, LedgerOptions options, Action<LedgerBook> change)
    {
        var jobs = Lock(attempts.Select(attempt => attempt.Job));
        var book = new LedgerBook(ReadAttempts(jobs, [.. attempts.Select(attempt => attempt.Attempt)]), options);
        change(book);
        Write(book.Close(), options);
        return book;
    }

    private T? Hold<T>(Guid id, Func<LedgerBook, Job, T> change)
        where T : class
    {
        var jobs = Lock([id]);
        if (jobs.Count == 0)
        {
            return null;
        }

        var rows = _jobs[id];
        var read = ReadAttempts(jobs, [.. rows.Leases.Keys]);
        var quarantined = Quarantined(rows, since: null).ToList();
        var book = new LedgerBook(
            read with
            {
                Spans = [.. read.Spans.Concat(quarantined.SelectMany(frame => rows.Beside(frame.Index, 1))).DistinctBy(span => span.First)],
                Settled = [.. read.Settled.Union(quarantined)],
            },
            new LedgerOptions());
        var result = change(book, jobs[0]);
        Write(book.Close(), new LedgerOptions());
        return result;
    }

    private LedgerRows ReadAttempts(List<Job> jobs, HashSet<Guid> attempts)
    {
        var (leases, history, spans, settled) = (new List<Lease>(), new List<Attempt>(), new List<Span>(), new HashSet<SettledFrame>());
        foreach (var rows in jobs.Select(job => _jobs[job.Id]))
        {
            var ranges = new List<(long First, long Count)>();
            foreach (var attempt in attempts)
            {
                if (rows.Leases.TryGetValue(attempt, out var lease))
                {
                    leases.Add(lease);
                    ranges.Add((lease.First, lease.Count));
                }
                else if (rows.Attempts.TryGetValue(attempt, out var ended))
                {
                    history.Add(MemoryRows.Copy(ended));
                    ranges.Add((ended.First, ended.Count));
                }
            }

            spans.AddRange(ranges.SelectMany(range => rows.Beside(range.First, range.Count)).DistinctBy(span => span.First));
            foreach (var (first, count) in ranges)
            {
                for (var index = first; index < first + count; index++)
                {
                    if (rows.Frames.TryGetValue(index, out var frame))
                    {
                        settled.Add(frame.Frame);
                    }
                }
            }
        }

        return new LedgerRows(Now, jobs, spans, leases, history, [.. settled]);
    }

    private void Write(LedgerChanges changes, LedgerOptions options)
    {
        changes.ClearedJobs.ForEach(job => _jobs[job].Spans.Clear());
        changes.DeletedSpans.ForEach(span => _jobs[span.JobId].DeleteSpan(span));
        changes.AddedSpans.ForEach(span => _jobs[span.JobId].Spans.Add(span.First, span));
        changes.RankedJobs.ForEach(job => _jobs[job.Id].Rank(Span.RankOf(job)));
        changes.DeletedLeases.ForEach(attempt => Assert.True(_jobs[Find(attempt)!.JobId].Leases.Remove(attempt)));
        changes.AddedLeases.ForEach(lease => _jobs[lease.JobId].Leases.Add(lease.AttemptId, lease));
        foreach (var attempt in changes.RenewedLeases)
        {
            Renew(Find(attempt)!, options);
        }

        changes.AddedFrames.ForEach(frame =>
        {
            Assert.True(frame.State == FrameState.Rendered ? frame is { ArtifactKey: not null, Error: null } : frame is { ArtifactKey: null, Error: not null });
            _jobs[frame.JobId].Frames.Add(frame.Index, (new SettledFrame(frame.JobId, frame.Index, frame.AttemptId, frame.State), frame.CommittedAt));
        });
        changes.RequeuedFrames.ForEach(frame => _jobs[frame.JobId].RequeueFrame(frame.Index));
        changes.DroppedFrames.ForEach(frame => _jobs[frame.Job.Id].DropFrame(frame.Index));
        changes.AddedAttempts.ForEach(attempt => _jobs[attempt.JobId].Attempts.Add(attempt.AttemptId, MemoryRows.Copy(attempt)));
        WriteAttempts(changes);
        changes.Jobs.ForEach(job => _jobs[job.Id].Store(job));
    }

    private void WriteAttempts(LedgerChanges changes)
    {
        foreach (var (attempt, frames) in changes.LateFrames)
        {
            var rows = _jobs.Values.Single(rows => rows.Attempts.ContainsKey(attempt));
            rows.LateFrames[attempt] = rows.LateFrames.GetValueOrDefault(attempt) + frames;
            Assert.True(rows.Attempts[attempt].Rendered + rows.LateFrames[attempt] <= rows.Attempts[attempt].Count);
        }

        foreach (var (attempt, refused) in changes.Refused)
        {
            _jobs.Values.Single(rows => rows.Attempts.ContainsKey(attempt)).Attempts[attempt].Refused = refused;
        }
    }
}
