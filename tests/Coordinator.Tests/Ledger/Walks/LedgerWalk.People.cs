using RenderFarm.Coordinator.Ledger;
using RenderFarm.Shared;

namespace RenderFarm.Coordinator.Tests.Ledger.Walks;

internal sealed partial class LedgerWalk
{
    private async Task CancelAsync()
    {
        if (Chosen(_ => true) is { } job)
        {
            Assert.Equal(_model.Cancel(job), (await ledger.CancelAsync(job))!.WasCancelled);
        }
    }

    private async Task PauseAsync()
    {
        if (Chosen(state => state != JobState.Paused) is { } job)
        {
            var held = _model.Live.Where(attempt => attempt.Offer.JobId == job).ToList();
            var result = await ledger.PauseAsync(job);
            Assert.Equal(_model.Pause(job), result!.WasPaused);
            Ended(held, result.Leases);
        }
    }

    private async Task ResumeAsync()
    {
        if (Chosen(state => state == JobState.Paused) is { } job)
        {
            Assert.Equal(_model.Resume(job), (await ledger.ResumeAsync(job))!.WasResumed);
        }
    }

    private async Task RequeueAsync()
    {
        if (Chosen(_ => true) is { } job)
        {
            var frames = SomeFrames(job);
            Assert.Equal(_model.Requeue(job, frames), (await ledger.RequeueAsync(job, frames))!.Frames);
        }
    }

    private async Task DropAsync()
    {
        if (Chosen(_ => true) is { } job)
        {
            var frames = SomeFrames(job);
            Assert.Equal(_model.Drop(job, frames), (await ledger.DropAsync(job, frames))!.Frames);
        }
    }

    private async Task DropOverdueAsync()
    {
        var options = ledger.IsTimeless && _random.Next(3) == 0 ? LedgerData.Hasty : _usual;
        _touched.UnionWith(_model.Jobs.Keys);
        var changes = (await ledger.DropOverdueQuarantineAsync(options)).ToDictionary(change => change.JobId, change => change.Failed);
        foreach (var job in _model.Jobs.Keys)
        {
            Assert.Equal(_model.Drop(job, null, "drop overdue", options.QuarantineFor), changes.GetValueOrDefault(job));
        }
    }

    /// <summary>However badly it went, every frame can still be settled: nothing is lost and nothing is stuck.</summary>
    private async Task FinishAsync()
    {
        foreach (var worker in _epochs.Keys)
        {
            await ledger.ReleaseWorkerAsync(worker, _epochs[worker]);
        }

        foreach (var attempt in _model.Live.ToList())
        {
            _model.Return(attempt, "release", AttemptOutcome.Released);
        }

        foreach (var (id, _) in _model.Jobs.Where(job => job.Value.State == JobState.Paused).ToList())
        {
            Assert.Equal(_model.Resume(id), (await ledger.ResumeAsync(id))!.WasResumed);
        }

        foreach (var id in _model.Jobs.Keys)
        {
            Assert.Equal(_model.Requeue(id, null), (await ledger.RequeueAsync(id, null))!.Frames);
        }

        _model.Now = ledger.Now += TimeSpan.FromHours(1);
        while (await ledger.WaitingAsync(100) is { Count: > 0 } spans)
        {
            var plans = spans.Select(span => new OfferPlan(
                NewId(), span.JobId, span.First, span.Strikes.Alone ? 1 : (int)Math.Min(span.Count, 64), "ada", _epochs["ada"], span.Strikes.TriedWorkers)).ToList();
            var leases = (await ledger.OfferAsync(plans, _usual)).Leases;
            Assert.Equal(plans.Count, leases.Count);
            foreach (var (plan, lease) in plans.Zip(leases))
            {
                _model.Offer(plan, lease.Offer, _usual);
                lease.Offer.Frames.ToList().ForEach(frame => _objects.Add((plan.AttemptId, frame.Index)));
            }

            await CommitAsync([.. leases.Select(lease => LedgerData.Rendered(lease.Offer, lease.Worker, lease.Offer.Frames.Select(frame => frame.Index)))]);
        }

        Assert.All(_model.Jobs.Values, job => Assert.True(job.IsTerminal));
        _model.Compare(_model.Jobs.Keys, await ledger.ReadAsync(_model.Jobs.Keys), isThorough: true);
    }

    /// <summary>A job, mostly one where it makes a difference.</summary>
    private Guid? Chosen(Func<JobState, bool> isSensible)
    {
        var all = _model.Jobs.ToList();
        var sensible = all.FindAll(job => !job.Value.IsTerminal && isSensible(job.Value.State));
        var failed = all.FindAll(job => job.Value.State == JobState.Failed);
        var among = sensible.Count > 0 && _random.Next(5) > 0 ? sensible : failed.Count > 0 && _random.Next(2) == 0 ? failed : all;
        if (among.Count == 0)
        {
            return null;
        }

        var chosen = Pick(among).Key;
        _touched.Add(chosen);
        return chosen;
    }

    private List<long>? SomeFrames(Guid job) => _random.Next(2) == 0 ? null : [.. _model.Jobs[job].Frames.Where(_ => _random.Next(2) == 0).Select(frame => frame.Index)];
}
