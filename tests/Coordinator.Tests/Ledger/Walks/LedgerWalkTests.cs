namespace RenderFarm.Coordinator.Tests.Ledger.Walks;

/// <summary>A million transitions of the rules alone.</summary>
public sealed class LedgerRulesWalkTests(ITestOutputHelper output)
{
    [Fact]
    public async Task A_million_random_transitions_keep_every_promise_and_none_is_left_out()
    {
        var seed = LedgerWalk.Seed();
        output.WriteLine($"Seed {seed}");
        var walk = new LedgerWalk(new MemoryLedger(), new WalkSize(Jobs: 8, Frames: 60, Plans: 16, Messages: 20, CompareEvery: 50), seed);

        // The rarest transitions come some ten times in a million; a walk that has missed one goes on.
        for (var moves = 1_000_000; moves <= 3_000_000 && !(walk.Moves > 0 && LedgerTransitions.All.IsSubsetOf(walk.Reached)); moves += 500_000)
        {
            await walk.RunAsync(moves, TestContext.Current.CancellationToken);
        }

        output.WriteLine($"{walk.Moves:N0} transitions in {walk.Calls:N0} calls");
        Assert.Empty(LedgerTransitions.All.Except(walk.Reached));
        Assert.DoesNotContain(walk.Reached, transition => LedgerTransitions.Impossible.Any(transition.StartsWith));
    }
}

/// <summary>The same schedules against the ledger on a database, statements, locks and constraints included.</summary>
public abstract class LedgerWalkContract(LedgerDatabase database, ITestOutputHelper output)
{
    protected abstract long Moves { get; }

    [Fact]
    public async Task Random_calls_keep_every_promise()
    {
        var seed = LedgerWalk.Seed();
        output.WriteLine($"Seed {seed}");
        using var ledger = new DatabaseLedger(database);
        var walk = new LedgerWalk(ledger, new WalkSize(Jobs: 24, Frames: 200, Plans: 60, Messages: 100, CompareEvery: 25), seed);

        await walk.RunAsync(Moves, TestContext.Current.CancellationToken);

        output.WriteLine($"{walk.Moves:N0} transitions in {walk.Calls:N0} calls");
    }
}

public sealed class LedgerWalkOnPostgresTests(PostgresLedgerDatabase database, ITestOutputHelper output)
    : LedgerWalkContract(database, output), IClassFixture<PostgresLedgerDatabase>
{
    protected override long Moves => 50_000;
}

public sealed class LedgerWalkOnSqliteTests(SqliteLedgerDatabase database, ITestOutputHelper output)
    : LedgerWalkContract(database, output), IClassFixture<SqliteLedgerDatabase>
{
    protected override long Moves => 20_000;
}
