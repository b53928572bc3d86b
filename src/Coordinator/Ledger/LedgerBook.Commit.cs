using System.Globalization;
using RenderFarm.Shared;
using RenderFarm.Shared.Protocol;

namespace RenderFarm.Coordinator.Ledger;

internal sealed partial class LedgerBook
{
    /// <summary>
    /// Settles stored frames. A frame commits when its attempt holds it, or held it and nobody else was given it since; a frame that this attempt
    /// has committed before is committed still, so that a report may come any number of times. A frame that was refused once is refused for ever,
    /// though its holder may have changed since: its worker has deleted the object.
    /// </summary>
    public FramesCommitted Commit(FramesRendered report)
    {
        var lease = LiveLease(report.AttemptId, report.Fence, report.JobId);
        var ended = lease is null ? EndedAttempt(report) : null;
        var (first, end) = lease is not null ? (lease.First, lease.End) : ended is not null ? (ended.First, ended.End) : (0, 0);
        var before = Numbers(ended?.Refused);
        var (committed, refused, fresh) = (new List<long>(), new List<long>(), new List<RenderedFrame>());
        foreach (var frame in report.Frames)
        {
            if (frame.Index < first || frame.Index >= end || before.Contains(frame.Index) || !IsSound(report, frame))
            {
                refused.Add(frame.Index);
            }
            else if (_settled.TryGetValue((report.JobId, frame.Index), out var settled))
            {
                (settled.AttemptId == report.AttemptId && settled.State == FrameState.Rendered ? committed : refused).Add(frame.Index);
            }
            else if (lease is not null || (_jobs[report.JobId].State == JobState.Running && _spans[report.JobId].TryTake(frame.Index)))
            {
                _settled.Add((report.JobId, frame.Index), new SettledFrame(report.JobId, frame.Index, report.AttemptId, FrameState.Rendered));
                committed.Add(frame.Index);
                fresh.Add(frame);
            }
            else
            {
                refused.Add(frame.Index);
            }
        }

        Remember(ended, before, refused);
        if (fresh.Count > 0)
        {
            Settle(report, fresh, lease?.Worker ?? ended!.Worker, lease?.WorkerEpoch ?? ended!.WorkerEpoch);
            EndOrRenew(report.AttemptId, lease, fresh.Count);
        }

        return new FramesCommitted(report.AttemptId, committed, refused);
    }

    /// <summary>Only what could commit later is worth a row's change: not what is rendered or failed, or ends with its job.</summary>
    private void Remember(Attempt? ended, HashSet<long> before, List<long> refused)
    {
        if (ended is null || _jobs[ended.JobId].IsTerminal)
        {
            return;
        }

        var open = refused.Where(index => index >= ended.First && index < ended.End
            && !(_settled.TryGetValue((ended.JobId, index), out var settled) && settled.State is FrameState.Rendered or FrameState.Failed)).ToList();
        if (!before.IsSupersetOf(open))
        {
            before.UnionWith(open);
            ended.Refused = Changes.Refused[ended.AttemptId] = string.Join(' ', before.Order());
        }
    }

    private static HashSet<long> Numbers(string? text) => text is null ? [] : [.. text.Split(' ').Select(number => long.Parse(number, CultureInfo.InvariantCulture))];

    /// <summary>A worker is another program: a frame that names an object of some other attempt, or could not be stored as it stands, is not let in.</summary>
    private bool IsSound(FramesRendered report, RenderedFrame frame)
    {
        var job = _jobs[report.JobId];
        return frame.ArtifactKey == ArtifactKeys.For(job.Tenant, job.Id, frame.Index, report.AttemptId, job.Output.Format)
            && frame.Sha256 is { Length: 64 } && frame.Sha256.All(char.IsAsciiHexDigitLower)
            && frame is { Bytes: > 0, Width: > 0, Height: > 0, RenderMilliseconds: >= 0 };
    }

    private Attempt? EndedAttempt(FramesRendered report) =>
        _attempts.TryGetValue(report.AttemptId, out var attempt) && attempt.Fence == report.Fence && attempt.JobId == report.JobId && _jobs.ContainsKey(report.JobId) ? attempt : null;

    private void Settle(FramesRendered report, List<RenderedFrame> fresh, string worker, long epoch)
    {
        var job = Touch(report.JobId, rendered: fresh.Count);
        job.Render(fresh.Count, fresh.Sum(frame => (long)frame.RenderMilliseconds), Now);
        Changes.WorkerFrames[(worker, epoch)] = Changes.WorkerFrames.GetValueOrDefault((worker, epoch)) + fresh.Count;
        Changes.AddedFrames.AddRange(fresh.Select(frame => new Frame
        {
            JobId = job.Id,
            Index = frame.Index,
            State = FrameState.Rendered,
            Seed = frame.Seed,
            ArtifactKey = frame.ArtifactKey,
            Sha256 = frame.Sha256,
            Bytes = frame.Bytes,
            Width = frame.Width,
            Height = frame.Height,
            AttemptId = report.AttemptId,
            Worker = worker,
            RenderMilliseconds = frame.RenderMilliseconds,
            CommittedAt = Now,
            Version = job.Version,
        }));
    }

    private void EndOrRenew(Guid attemptId, Lease? lease, int committed)
    {
        if (lease is null)
        {
            Changes.LateFrames[attemptId] = Changes.LateFrames.GetValueOrDefault(attemptId) + committed;
        }
        else if (Left(lease).Any())
        {
            Changes.RenewedLeases.Add(attemptId);
        }
        else
        {
            EndLease(lease, AttemptOutcome.Succeeded);
        }
    }
}
