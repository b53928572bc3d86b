using RenderFarm.Shared;
using RenderFarm.Shared.Protocol;

namespace RenderFarm.Coordinator.Tests.Ledger.Walks;

internal sealed partial class LedgerWalk
{
    /// <summary>Messages on their way at most; what is too many is lost.</summary>
    private const int Underway = 120;

    /// <summary>A worker says again what it holds.</summary>
    private sealed record Renewal(string Worker, long Epoch, IReadOnlyList<Guid> Attempts);

    /// <summary>Workers say things; nothing arrives yet.</summary>
    private Task WorkAsync()
    {
        // Mostly of leases that live, but now and then of one that ended long ago: a worker that was stopped for a while.
        foreach (var attempt in Some(_random.Next(6) == 0 ? _model.Attempts.Values : _model.Live, size.Messages))
        {
            switch (IsUnlucky(attempt) && _random.Next(2) == 0 ? 3 : _random.Next(10))
            {
                case 0 or 1:
                    var accepted = LedgerData.Accepted(attempt.Offer, attempt.Worker);
                    _messages.Add(_random.Next(12) == 0 ? accepted with { Fence = accepted.Fence - 1 } : accepted);
                    break;
                case 2:
                    _messages.Add(new Renewal(attempt.Worker, attempt.Epoch, [attempt.Offer.AttemptId]));
                    break;
                case 3:
                    _messages.Add(Ending(attempt));
                    break;
                default:
                    _messages.Add(Report(attempt));
                    break;
            }
        }

        if (_messages.Count > Underway * size.Messages)
        {
            _messages.RemoveRange(0, _messages.Count - (Underway * size.Messages));
        }

        return Task.CompletedTask;
    }

    /// <summary>Some jobs meet broken workers wherever they go: by chance alone hardly any frame would be tried for the last time.</summary>
    private static bool IsUnlucky(ModelAttempt attempt) => attempt.Offer.JobId.ToByteArray()[0] % 8 == 0;

    /// <summary>Frames whose objects the worker has stored; half of the time all that it holds.</summary>
    private FramesRendered Report(ModelAttempt attempt)
    {
        var isWhole = _random.Next(2) == 0;
        var indexes = attempt.Offer.Frames.Select(frame => frame.Index).Where(index => !attempt.Refused.Contains(index) && (isWhole || _random.Next(2) == 0)).ToList();
        indexes.ForEach(index => _objects.Add((attempt.Offer.AttemptId, index)));
        var report = LedgerData.Rendered(attempt.Offer, attempt.Worker, _random.Next(12) == 0 ? indexes.Append(attempt.Offer.Frames[^1].Index + 1) : indexes);
        return _random.Next(20) == 0 ? report with { Fence = report.Fence + 1 } : report;
    }

    private LeaseEnded Ending(ModelAttempt attempt)
    {
        ErrorClass? errorClass = IsUnlucky(attempt) ? ErrorClass.Worker : _random.Next(8) is var pick && pick > 5 ? null : (ErrorClass)pick;
        FailedFrame[] named = _random.Next(6) == 0 ? [new FailedFrame(attempt.Offer.Frames[^1].Index, "bad"), new FailedFrame(attempt.First - 1, "not its own")] : [];
        var struck = _random.Next(2) == 0 ? null : attempt.Offer.Frames.Select(frame => frame.Index).Where(_ => _random.Next(2) == 0).Append(-1).ToList();
        return LedgerData.Ended(attempt.Offer, attempt.Worker, errorClass, "it broke", named) with { Struck = struck, Evidence = "signal 11" };
    }

    /// <summary>Some of what is on its way arrives, in any order; some of that comes again, and some never comes.</summary>
    private async Task DeliverAsync()
    {
        var arrived = new List<object>();
        for (var left = _random.Next(1, size.Messages + 1); left > 0 && _messages.Count > 0; left--)
        {
            var at = _random.Next(_messages.Count);
            if (_random.Next(12) > 0)
            {
                arrived.Add(_messages[at]);
            }

            if (_random.Next(6) > 0)
            {
                _messages[at] = _messages[^1];
                _messages.RemoveAt(_messages.Count - 1);
            }
        }

        await AcceptAsync([.. arrived.OfType<LeaseAccepted>()]);
        await CommitAsync([.. arrived.OfType<FramesRendered>()]);
        await EndAsync([.. arrived.OfType<LeaseEnded>()]);
        foreach (var renewal in arrived.OfType<Renewal>())
        {
            var expected = renewal.Attempts.Where(attempt => !_model.Renew(renewal.Worker, renewal.Epoch, attempt, _usual)).ToList();
            Assert.Equal(expected, await ledger.RenewAsync(renewal.Worker, renewal.Epoch, renewal.Attempts, _usual));
        }
    }

    private async Task AcceptAsync(List<LeaseAccepted> accepted)
    {
        accepted = [.. accepted.DistinctBy(message => message.AttemptId)];
        if (accepted.Count > 0)
        {
            var expected = accepted.Where(message => !_model.Accept(message, _usual)).Select(message => message.AttemptId).ToList();
            Assert.Equal(expected, await ledger.AcceptAsync(accepted, _usual));
        }
    }

    private async Task CommitAsync(List<FramesRendered> reports)
    {
        if (reports.Count == 0)
        {
            return;
        }

        _touched.UnionWith(reports.Select(report => report.JobId));
        var result = await ledger.CommitAsync(reports, _usual);
        Assert.Equal(reports.Count, result.Answers.Count);
        foreach (var (report, answer) in reports.Zip(result.Answers))
        {
            var (committed, refused, fresh) = _model.Commit(report, _usual);
            Assert.Equal(committed, answer.Committed);
            Assert.Equal(refused, answer.Refused);
            Assert.All(fresh, index => Assert.True(_objects.Contains((report.AttemptId, index)), "A frame was committed whose object its worker was told to delete."));
            if (_model.Attempts.TryGetValue(report.AttemptId, out var attempt) && attempt.Offer.Fence == report.Fence)
            {
                refused.ForEach(index => _objects.Remove((report.AttemptId, index)));
            }
        }
    }

    private async Task EndAsync(List<LeaseEnded> reports)
    {
        if (reports.Count > 0)
        {
            _touched.UnionWith(reports.Select(report => report.JobId));
            var live = reports.Select(report => report.AttemptId).Where(attempt => _model.Attempts.TryGetValue(attempt, out var known) && known.IsLive).ToHashSet();
            var ended = await ledger.EndAsync(reports, _usual);
            reports.ForEach(report => _model.End(report, _usual));
            Ended(live.Select(attempt => _model.Attempts[attempt]), ended.Leases);
        }
    }
}
