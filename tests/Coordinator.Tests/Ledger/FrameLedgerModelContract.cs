using Microsoft.EntityFrameworkCore;
using RenderFarm.Coordinator.Ledger;
using RenderFarm.Shared;
using RenderFarm.Shared.Protocol;

namespace RenderFarm.Coordinator.Tests.Ledger;

/// <summary>Thousands of random calls, good, stale and repeated ones, each compared with the model and followed by the audit.</summary>
public abstract class FrameLedgerModelContract(LedgerDatabase database, ITestOutputHelper output)
{
    private static readonly string[] Workers = ["ada", "bob", "cleo"];

    private readonly FrameLedger _ledger = database.Ledger(LedgerData.Patient);
    private readonly FrameLedger _hasty = database.Ledger(LedgerData.Hasty);
    private readonly LedgerModel _model = new();
    private readonly Queue<FramesRendered> _sent = new();
    private readonly HashSet<JobState> _reached = [];
    private Random _random = new(0);

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    protected abstract int Steps { get; }

    [Fact]
    public async Task Random_calls_keep_every_promise()
    {
        var seed = Environment.TickCount;
        output.WriteLine($"Seed {seed}");
        _random = new Random(seed);
        for (var step = 0; step < Steps; step++)
        {
            var call = Call();
            try
            {
                await call();
                await CompareAsync();
            }
            catch (Exception problem) when (problem is not OperationCanceledException)
            {
                throw new InvalidOperationException($"Seed {seed}, step {step}, {call.Method.Name}", problem);
            }
        }

        Assert.Superset(new HashSet<JobState> { JobState.Completed, JobState.Cancelled }, _reached);
    }

    private Func<Task> Call() => _random.Next(100) switch
    {
        < 8 => SubmitAsync,
        < 38 => OfferAsync,
        < 46 => AcceptAsync,
        < 52 => RenewAsync,
        < 78 => CommitAsync,
        < 82 => RepeatAsync,
        < 92 => EndAsync,
        < 95 => ExpireAsync,
        < 98 => ReleaseAsync,
        _ => CancelAsync,
    };

    private async Task SubmitAsync()
    {
        if (_model.Jobs.Values.Count(job => !job.IsTerminal) >= 4)
        {
            return;
        }

        var job = LedgerData.Job(_random.Next(1, 30), jobClass: (JobClass)_random.Next(3), priority: _random.Next(-2, 3));
        await _ledger.SubmitAsync(job, null, Cancelled);
        _model.Jobs.Add(job.Id, new ModelJob { Frames = [.. LedgerData.Range(0, job.FrameCount).Select(index => new ModelFrame { Index = index })] });
    }

    private async Task OfferAsync()
    {
        var isOverdue = _random.Next(4) == 0;
        var spans = await _ledger.WaitingAsync(_random.Next(1, 6), Cancelled);
        var plans = spans.Select(span => new OfferPlan(Guid.NewGuid(), span.JobId, span.First, span.Strikes.Alone ? 1 : _random.Next(1, (int)Math.Min(span.Count, 6) + 1), Pick(Workers), 1, span.Strikes.TriedWorkers)).ToList();
        if (plans.Count > 0 && _random.Next(3) == 0)
        {
            // A second leader has seen the same queue.
            plans.Add(plans[0] with { AttemptId = Guid.NewGuid() });
        }

        var result = await (isOverdue ? _hasty : _ledger).OfferAsync(plans, Cancelled);
        Assert.Equal(spans.Count, result.Leases.Count);
        foreach (var lease in result.Leases)
        {
            _model.Offer(lease.Offer, lease.Worker, isOverdue);
        }
    }

    private async Task AcceptAsync()
    {
        var attempts = Some(_model.Attempts.Values);
        var gone = await _ledger.AcceptAsync([.. attempts.Select(attempt => LedgerData.Accepted(attempt.Offer, attempt.Worker))], Cancelled);
        Assert.Equal(attempts.Where(attempt => !attempt.IsLive).Select(attempt => attempt.Offer.AttemptId), gone);
        attempts.ForEach(attempt => attempt.IsOverdue = false);
    }

    private async Task RenewAsync()
    {
        var worker = Pick(Workers);
        var attempts = Some(_model.Attempts.Values.Where(attempt => attempt.Worker == worker));
        var gone = await _ledger.RenewAsync(worker, 1, [.. attempts.Select(attempt => attempt.Offer.AttemptId)], Cancelled);
        Assert.Equal(attempts.Where(attempt => !attempt.IsLive).Select(attempt => attempt.Offer.AttemptId), gone);
        attempts.ForEach(attempt => attempt.IsOverdue = false);
    }

    private Task CommitAsync()
    {
        var reports = new List<FramesRendered>();
        // Mostly live leases, but now and then one that ended long ago.
        foreach (var attempt in Some(_random.Next(4) == 0 ? _model.Attempts.Values : _model.Live))
        {
            var first = attempt.Offer.Frames[0].Index;
            var frames = LedgerData.Range(first, attempt.Offer.Frames.Count + _random.Next(2)).Where(_ => _random.Next(3) > 0);
            var report = LedgerData.Rendered(attempt.Offer, attempt.Worker, frames);
            reports.Add(_random.Next(12) == 0 ? report with { Fence = report.Fence + 1 } : report);
        }

        return SendAsync(reports);
    }

    private Task RepeatAsync() => SendAsync(Some(_sent));

    private async Task SendAsync(List<FramesRendered> reports)
    {
        var result = await _ledger.CommitAsync(reports, Cancelled);
        Assert.Equal(reports.Count, result.Answers.Count);
        foreach (var (report, answer) in reports.Zip(result.Answers))
        {
            var (committed, refused) = _model.Commit(report);
            Assert.Equal(committed, answer.Committed);
            Assert.Equal(refused, answer.Refused);
            _sent.Enqueue(report);
        }

        while (_sent.Count > 20)
        {
            _sent.Dequeue();
        }
    }

    private async Task EndAsync()
    {
        var reports = new List<LeaseEnded>();
        foreach (var attempt in Some(_random.Next(5) == 0 ? _model.Attempts.Values : _model.Live))
        {
            ErrorClass? errorClass = _random.Next(7) is var pick && pick == 6 ? null : (ErrorClass)pick;
            var named = errorClass == ErrorClass.Request && _random.Next(2) == 0 ? [new FailedFrame(attempt.Offer.Frames[^1].Index, "bad")] : Array.Empty<FailedFrame>();
            reports.Add(LedgerData.Ended(attempt.Offer, attempt.Worker, errorClass, "it broke", named));
        }

        await _ledger.EndAsync(reports, Cancelled);
        reports.ForEach(_model.End);
    }

    private async Task ExpireAsync()
    {
        var overdue = _model.Live.Where(attempt => attempt.IsOverdue).ToList();
        var result = await _ledger.ExpireAsync(Cancelled);
        Assert.Equal(overdue.Select(attempt => attempt.Offer.AttemptId).Order(), result.Leases.Select(lease => lease.AttemptId).Order());
        overdue.ForEach(_model.Return);
    }

    private async Task ReleaseAsync()
    {
        var worker = Pick(Workers);
        var held = _model.Live.Where(attempt => attempt.Worker == worker).ToList();
        var result = await _ledger.ReleaseWorkerAsync(worker, 1, "left", Cancelled);
        Assert.Equal(held.Select(attempt => attempt.Offer.AttemptId).Order(), result.Leases.Select(lease => lease.AttemptId).Order());
        held.ForEach(_model.Return);
    }

    private async Task CancelAsync()
    {
        if (_model.Jobs.Count > 0)
        {
            var live = _model.Jobs.Where(job => !job.Value.IsTerminal).Select(job => job.Key).ToArray();
            var jobId = Pick(live.Length > 0 && _random.Next(4) > 0 ? live : [.. _model.Jobs.Keys]);
            var wasTerminal = _model.Jobs[jobId].IsTerminal;
            var result = await _ledger.CancelAsync(jobId, Cancelled);
            Assert.Equal(!wasTerminal, result!.WasCancelled);
            _model.Cancel(jobId);
        }
    }

    private async Task CompareAsync()
    {
        Assert.Empty(await _ledger.AuditAsync(null, Cancelled));
        await using var db = database.Factory.CreateDbContext();
        var spans = (await db.Spans.AsNoTracking().ToListAsync(Cancelled)).ToLookup(span => span.JobId);
        var leases = (await db.Leases.AsNoTracking().ToListAsync(Cancelled)).ToLookup(lease => lease.JobId);
        var frames = (await db.Frames.AsNoTracking().ToListAsync(Cancelled)).ToLookup(frame => frame.JobId);
        foreach (var job in await db.Jobs.AsNoTracking().ToListAsync(Cancelled))
        {
            _reached.Add(job.State);
            Assert.Equal(_model.Picture(job.Id), LedgerModel.Picture(job, spans[job.Id], leases[job.Id], frames[job.Id]));
            var neighbours = spans[job.Id].OrderBy(span => span.First).ToList();
            Assert.DoesNotContain(neighbours.Zip(neighbours.Skip(1)), pair => pair.First.End == pair.Second.First && pair.First.Strikes == pair.Second.Strikes);
        }

        await ForgetEndedJobsAsync(db);
    }

    /// <summary>Keeps the comparison short: the oldest ended jobs go, rows and all.</summary>
    private async Task ForgetEndedJobsAsync(RenderFarm.Coordinator.Database.FarmDb db)
    {
        foreach (var (jobId, _) in _model.Jobs.Where(job => job.Value.IsTerminal).Take(_model.Jobs.Count - 12).ToList())
        {
            await db.Jobs.Where(job => job.Id == jobId).ExecuteDeleteAsync(Cancelled);
            _model.Jobs.Remove(jobId);
            foreach (var attempt in _model.Attempts.Values.Where(attempt => attempt.Offer.JobId == jobId).ToList())
            {
                _model.Attempts.Remove(attempt.Offer.AttemptId);
            }
        }
    }

    private T Pick<T>(T[] items) => items[_random.Next(items.Length)];

    private List<T> Some<T>(IEnumerable<T> items)
    {
        var all = items.ToArray();
        _random.Shuffle(all);
        return [.. all.Take(_random.Next(1, 5))];
    }
}

public sealed class FrameLedgerModelOnPostgresTests(PostgresLedgerDatabase database, ITestOutputHelper output)
    : FrameLedgerModelContract(database, output), IClassFixture<PostgresLedgerDatabase>
{
    protected override int Steps => 700;
}

public sealed class FrameLedgerModelOnSqliteTests(SqliteLedgerDatabase database, ITestOutputHelper output)
    : FrameLedgerModelContract(database, output), IClassFixture<SqliteLedgerDatabase>
{
    protected override int Steps => 1000;
}
