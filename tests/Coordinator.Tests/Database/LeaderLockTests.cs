using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using RenderFarm.Coordinator.Database;
using RenderFarm.Coordinator.Ledger;
using RenderFarm.Coordinator.Tests.Ledger;
using RenderFarm.TestKit.Farms;

namespace RenderFarm.Coordinator.Tests.Database;

/// <summary>Who leads, when the one who did is gone, hangs, was cut off or lost its broker.</summary>
public sealed class LeaderLockTests(PostgresLedgerDatabase database) : IClassFixture<PostgresLedgerDatabase>, IAsyncLifetime
{
    /// <summary>Ten seconds are what operators are promised; a busy machine may take its time between two looks.</summary>
    private static readonly TimeSpan HandOver = TimeSpan.FromSeconds(10 + 20);

    // A third of a lease without a leader is an outage: what a busy machine takes between two statements must not be one.
    private static readonly LedgerOptions LongLeases = new() { LeaseFor = TimeSpan.FromMinutes(2) };

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => await database.ExecuteAsync("DELETE FROM leadership");

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Fact]
    public async Task One_leads_and_when_it_stops_another_does()
    {
        await using var other = Lock();
        await using (var first = Lock())
        {
            await LeadsAsync(first);
            Assert.False(await other.HoldAsync(Token));
        }

        var epoch = await EpochAsync();
        await LeadsAsync(other);
        Assert.Equal(epoch + 1, await EpochAsync());
        Assert.Null(other.Outage);
    }

    [Fact]
    public async Task A_leader_that_hangs_is_replaced()
    {
        await using var hung = Lock();
        await LeadsAsync(hung);

        // Nobody asks it any more, as if the process were stopped: its session stays open and says nothing.
        await using var other = Lock();
        await LeadsAsync(other);
        Assert.False(await hung.HoldAsync(Token));
    }

    [Fact]
    public async Task A_leader_whose_session_ended_finds_out_and_one_leads_again()
    {
        await using var first = Lock();
        await LeadsAsync(first);
        await database.ExecuteAsync("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())");

        await Eventually.IsAsync(() => first.HoldAsync(Token), leads => !leads, HandOver, null, Token);
        await LeadsAsync(first);
    }

    [Fact]
    public async Task Without_a_broker_nobody_leads()
    {
        var hasBroker = true;
        await using var first = Lock(() => hasBroker);
        await using var other = Lock();
        await LeadsAsync(first);

        hasBroker = false;
        await LeadsAsync(other);
        Assert.False(await first.HoldAsync(Token));
    }

    [Fact]
    public async Task Who_leads_after_an_outage_knows_how_long_nobody_did()
    {
        await using (var first = Lock())
        {
            await LeadsAsync(first);
        }

        await database.ExecuteAsync("UPDATE leadership SET since = since - interval '10 minutes'");
        await using var next = Lock();
        await LeadsAsync(next);

        Assert.NotNull(next.Outage);
        Assert.InRange(next.Outage.Value, TimeSpan.FromMinutes(10), TimeSpan.FromMinutes(12));
        next.OutageIsOver();
        Assert.Null(next.Outage);
    }

    [Fact]
    public async Task A_leader_that_could_not_reach_the_database_knows_for_how_long()
    {
        await using var leader = Lock();
        await LeadsAsync(leader);
        Assert.Null(leader.Outage);

        await database.ExecuteAsync("UPDATE leadership SET since = since - interval '10 minutes'");
        await Eventually.IsAsync(
            async () =>
            {
                await leader.HoldAsync(Token);
                return leader.Outage;
            },
            outage => outage >= TimeSpan.FromMinutes(10), HandOver, null, Token);
    }

    [Fact]
    public async Task A_leader_without_a_broker_for_a_moment_counts_it_as_an_outage()
    {
        var hasBroker = true;
        await using var leader = Lock(() => hasBroker);
        await LeadsAsync(leader);
        Assert.Null(leader.Outage);

        hasBroker = false;
        await Eventually.IsAsync(() => leader.HoldAsync(Token), leads => !leads, HandOver, null, Token);
        hasBroker = true;
        await LeadsAsync(leader);
        Assert.NotNull(leader.Outage);
        leader.OutageIsOver();
        Assert.Null(leader.Outage);
    }

    [Fact]
    public async Task The_first_leader_of_a_farm_makes_up_for_no_outage_though_its_broker_came_after_it()
    {
        var hasBroker = false;
        await using var leader = Lock(() => hasBroker);
        Assert.False(await leader.HoldAsync(Token));

        hasBroker = true;
        await LeadsAsync(leader);
        Assert.Null(leader.Outage);
    }

    [Fact]
    public async Task Alone_on_a_file_a_coordinator_always_leads_and_notices_when_it_slept()
    {
        var time = new FakeTimeProvider();
        await using var alone = new LeaderLock(
            Options.Create(new DatabaseOptions()), Options.Create(new LedgerOptions()), () => false, time, NullLogger<LeaderLock>.Instance);
        Assert.True(await alone.HoldAsync(Token));
        Assert.Null(alone.Outage);

        time.Advance(TimeSpan.FromHours(1));
        Assert.True(await alone.HoldAsync(Token));
        Assert.Equal(TimeSpan.FromHours(1), alone.Outage);
    }

    private static Task<bool> LeadsAsync(LeaderLock leader) => Eventually.IsAsync(() => leader.HoldAsync(Token), leads => leads, HandOver, null, Token);

    private LeaderLock Lock(Func<bool>? hasBroker = null) => new(
        Options.Create(database.Options), Options.Create(LongLeases), hasBroker ?? (() => true), TimeProvider.System, NullLogger<LeaderLock>.Instance);

    private Task<long> EpochAsync() => database.QueryAsync(db => db.Set<Leadership>().Select(x => x.Epoch).SingleAsync(Token));
}
