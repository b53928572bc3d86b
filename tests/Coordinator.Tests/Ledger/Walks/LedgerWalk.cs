using System.Globalization;
using RenderFarm.Coordinator.Ledger;
using RenderFarm.Shared;

namespace RenderFarm.Coordinator.Tests.Ledger.Walks;

/// <summary>How much a walk has in hand at a time.</summary>
/// <param name="Jobs">Jobs that have not ended.</param>
/// <param name="Frames">Frames of a job at most.</param>
/// <param name="Plans">Plans of a tick at most.</param>
/// <param name="Messages">Messages that are delivered together at most.</param>
/// <param name="CompareEvery">Calls between two comparisons of all rows.</param>
internal sealed record WalkSize(int Jobs, int Frames, int Plans, int Messages, int CompareEvery);

/// <summary>
/// A random schedule of everything that happens to a ledger: two leaders that plan on what they saw a while ago, workers that work, crash and
/// restart, messages that are lost, doubled and late, people who cancel, pause, requeue and drop, outages, and a clock that jumps both ways.
/// Each answer is compared with the model's, and so are the rows.
/// </summary>
internal sealed partial class LedgerWalk(IWalkedLedger ledger, WalkSize size, int seed)
{
    /// <summary>Sets the seed, to walk a failed walk again.</summary>
    public const string SeedVariable = "RENDERFARM_TEST_SEED";

    private const int UsualSeed = 20_261_101;

    private readonly Random _random = new(seed);
    private readonly LedgerModel _model = new() { Now = ledger.Now };
    private readonly List<object> _messages = [];
    private readonly IReadOnlyList<WaitingSpan>[] _seen = [[], []];
    private readonly Dictionary<string, long> _epochs = new() { ["ada"] = 1, ["bob"] = 1, ["cleo"] = 1 };
    private readonly HashSet<(Guid Attempt, long Index)> _objects = [];
    private readonly HashSet<Guid> _touched = [];
    private readonly LedgerOptions _usual = ledger.IsTimeless ? LedgerData.Patient : new LedgerOptions();

    public long Calls { get; private set; }

    public long Moves => _model.Moves;

    /// <summary>The kinds of transition that have occurred.</summary>
    public HashSet<string> Reached => [.. _model.Transitions.Keys.Select(key => $"{key.Thing} {key.From} {key.Event}: {key.To}")];

    // The same way in every run: what a run says is about the change that it tries, and not about chance.
    public static int Seed() => Environment.GetEnvironmentVariable(SeedVariable) is { Length: > 0 } set ? int.Parse(set, CultureInfo.InvariantCulture) : UsualSeed;

    /// <summary>Walks until so many things have changed their state, and then until every job has ended.</summary>
    public async Task RunAsync(long moves, CancellationToken cancellationToken)
    {
        while (Moves < moves)
        {
            cancellationToken.ThrowIfCancellationRequested();
            await CallAsync(Next());
        }

        await CallAsync(FinishAsync);
    }

    private async Task CallAsync(Func<Task> call)
    {
        try
        {
            await call();
            Calls++;
            await CompareAsync(Calls % size.CompareEvery == 0);
        }
        catch (Exception problem) when (problem is not OperationCanceledException)
        {
            throw new InvalidOperationException($"Seed {seed}, call {Calls}, {call.Method.Name}; set {SeedVariable}={seed} to walk it again.", problem);
        }
    }

    private Func<Task> Next() => _random.Next(100) switch
    {
        < 8 => SubmitAsync,
        < 20 => LookAsync,
        < 34 => OfferAsync,
        < 52 => WorkAsync,
        < 82 => DeliverAsync,
        < 86 => WaitAsync,
        < 88 => ExpireAsync,
        < 90 => CrashAsync,
        < 91 => OutageAsync,
        < 93 => PauseAsync,
        < 96 => ResumeAsync,
        < 97 => RequeueAsync,
        < 98 => DropAsync,
        < 99 => DropOverdueAsync,
        _ => _random.Next(2) == 0 ? CancelAsync : SubmitAsync,
    };

    private Task SubmitAsync()
    {
        if (_model.Jobs.Values.Count(job => !job.IsTerminal) >= size.Jobs)
        {
            return Task.CompletedTask;
        }

        var job = LedgerData.Job(_random.Next(1, _random.Next(3) == 0 ? 3 : size.Frames + 1), jobClass: (JobClass)_random.Next(3), priority: _random.Next(-2, 3), id: NewId());
        _touched.Add(job.Id);
        return SubmittedAsync();

        async Task SubmittedAsync()
        {
            await ledger.SubmitAsync(job);
            _model.Submit(job);
        }
    }

    /// <summary>A leader looks at the queue; it plans on this a while later.</summary>
    private async Task LookAsync()
    {
        var limit = _random.Next(1, size.Plans + 1);
        var spans = await ledger.WaitingAsync(limit);
        Assert.Equal(_model.Waiting(limit), spans.Select(span => (span.JobId, span.First, span.Count, span.Strikes)));
        _seen[_random.Next(2)] = spans;
    }

    private async Task OfferAsync()
    {
        var plans = _seen[_random.Next(2)]
            .Select(span => new OfferPlan(
                NewId(), span.JobId, span.First, span.Strikes.Alone && _random.Next(8) > 0 ? 1 : (int)_random.NextInt64(1, Math.Min(span.Count, 24) + 1), Pick([.. _epochs.Keys]), 1, span.Strikes.TriedWorkers))
            .Select(plan => plan with { WorkerEpoch = _epochs[plan.Worker] })
            .ToList();
        var options = ledger.IsTimeless && _random.Next(4) == 0 ? LedgerData.Hasty : _usual;
        _touched.UnionWith(plans.Select(plan => plan.JobId));
        var leases = (await ledger.OfferAsync(plans, options)).Leases.ToDictionary(lease => lease.Offer.AttemptId);
        foreach (var plan in plans)
        {
            var isWon = _model.Wins(plan);
            Assert.Equal(isWon, leases.TryGetValue(plan.AttemptId, out var lease));
            if (isWon)
            {
                Assert.Equal((plan.Worker, plan.WorkerEpoch), (lease!.Worker, lease.WorkerEpoch));
                _model.Offer(plan, lease.Offer, options);
            }
        }
    }

    private async Task WaitAsync()
    {
        if (!ledger.IsTimeless)
        {
            // Now and then the database's clock is set back.
            _model.Now = ledger.Now += TimeSpan.FromSeconds(_random.Next(12) switch { 0 => -3, < 7 => 1, < 10 => 6, 10 => 40, _ => 400 });
        }

        await Task.CompletedTask;
    }

    private async Task ExpireAsync()
    {
        var overdue = _model.Overdue();
        Touch(overdue);
        Ended(overdue, (await ledger.ExpireAsync()).Leases);
        overdue.ForEach(attempt => _model.Return(attempt, "expire", AttemptOutcome.Expired));
    }

    /// <summary>A worker dies, and its next process has joined. What it had sent may still arrive.</summary>
    private async Task CrashAsync()
    {
        var worker = Pick([.. _epochs.Keys]);
        _epochs[worker]++;
        if (_random.Next(2) == 0)
        {
            // Nobody knows yet: its leases run out.
            return;
        }

        var held = _model.Live.Where(attempt => attempt.Worker == worker && attempt.Epoch < _epochs[worker]).ToList();
        Touch(held);
        Ended(held, (await ledger.ReleaseWorkerAsync(worker, _epochs[worker] - 1)).Leases);
        held.ForEach(attempt => _model.Return(attempt, "release", AttemptOutcome.Released));
    }

    /// <summary>Nobody could renew for a while, and the leader makes up for it.</summary>
    private async Task OutageAsync()
    {
        if (!ledger.IsTimeless)
        {
            _model.Now = ledger.Now += TimeSpan.FromSeconds(_random.Next(5, 60));
        }

        var time = ledger.IsTimeless ? TimeSpan.FromHours(1) : TimeSpan.FromSeconds(15);
        Assert.Equal(_model.Extend(time), await ledger.ExtendAsync(time));
        Assert.Empty((await ledger.ExpireAsync()).Leases);
    }

    private async Task CompareAsync(bool isThorough)
    {
        if (isThorough)
        {
            await ForgetAsync();
            _touched.UnionWith(_model.Jobs.Keys);
        }
        else if (ledger.IsTimeless)
        {
            return;
        }

        _touched.IntersectWith(_model.Jobs.Keys);
        if (_touched.Count > 0)
        {
            _model.Compare(_touched, await ledger.ReadAsync(_touched), isThorough);
        }

        _touched.Clear();
    }

    /// <summary>The oldest ended jobs go, as retention lets them go; messages about them may still be on their way.</summary>
    private async Task ForgetAsync()
    {
        var old = _model.Jobs.Where(job => job.Value.IsTerminal).Select(job => job.Key).SkipLast(3).ToHashSet();
        await ledger.ForgetAsync(old);
        foreach (var job in old)
        {
            _model.Jobs.Remove(job);
        }

        foreach (var attempt in _model.Attempts.Values.Where(attempt => old.Contains(attempt.Offer.JobId)).ToList())
        {
            _model.Attempts.Remove(attempt.Offer.AttemptId);
            _objects.RemoveWhere(stored => stored.Attempt == attempt.Offer.AttemptId);
        }
    }

    private void Touch(List<ModelAttempt> attempts) => _touched.UnionWith(attempts.Select(attempt => attempt.Offer.JobId));

    private static void Ended(IEnumerable<ModelAttempt> expected, IReadOnlyList<EndedLease> leases) =>
        Assert.Equal(expected.Select(attempt => attempt.Offer.AttemptId).Order(), leases.Select(lease => lease.AttemptId).Order());

    private Guid NewId()
    {
        Span<byte> bytes = stackalloc byte[16];
        _random.NextBytes(bytes);
        return new Guid(bytes);
    }

    private T Pick<T>(List<T> items) => items[_random.Next(items.Count)];

    private List<T> Some<T>(IEnumerable<T> items, int most)
    {
        var all = items.ToArray();
        var count = Math.Min(all.Length, _random.Next(1, most + 1));
        for (var at = 0; at < count; at++)
        {
            var other = _random.Next(at, all.Length);
            (all[at], all[other]) = (all[other], all[at]);
        }

        return [.. all.AsSpan(0, count)];
    }
}
