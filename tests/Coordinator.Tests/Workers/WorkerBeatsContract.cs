using Microsoft.EntityFrameworkCore;
using RenderFarm.Coordinator.Ledger;
using RenderFarm.Coordinator.Tests.Ledger;
using RenderFarm.Coordinator.Tests.Scheduling;
using RenderFarm.Coordinator.Workers;
using RenderFarm.Shared;
using RenderFarm.Shared.Protocol;
using RenderFarm.TestKit.Farms;

namespace RenderFarm.Coordinator.Tests.Workers;

public sealed class WorkerBeatsOnPostgresTests(PostgresLedgerDatabase database) : WorkerBeatsContract(database), IClassFixture<PostgresLedgerDatabase>;

public sealed class WorkerBeatsOnSqliteTests(SqliteLedgerDatabase database) : WorkerBeatsContract(database), IClassFixture<SqliteLedgerDatabase>;

/// <summary>Many heartbeats at a time, and workers that send none.</summary>
public abstract class WorkerBeatsContract(LedgerDatabase database) : IAsyncLifetime
{
    private LeadingCoordinator _coordinator = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        await database.ExecuteAsync("DELETE FROM jobs");
        await database.ExecuteAsync("DELETE FROM workers");
        await database.ExecuteAsync("DELETE FROM incidents");
        _coordinator = await LeadingCoordinator.StartAsync(database, new LedgerOptions(), Token);
    }

    public async ValueTask DisposeAsync()
    {
        await _coordinator.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task Many_heartbeats_are_written_at_once_and_strangers_are_told_apart()
    {
        await AddAsync("idle", silentFor: TimeSpan.FromMinutes(1));
        await AddAsync("busy", silentFor: TimeSpan.FromSeconds(1));
        await AddAsync("lost", silentFor: TimeSpan.FromMinutes(1), WorkerState.Lost);

        var (idle, busy, lost, stranger) = (Beat("idle"), Beat("busy") with { Slots = [new SlotStatus("rendering", "emoji", 2, 8)], SpoolBytes = 7 }, Beat("lost"), Beat("stranger"));
        var known = await _coordinator.Beats.WriteAsync([idle, busy, lost, stranger], Token);

        Assert.Equal([idle, busy, lost], known.Keys);
        var rows = await database.QueryAsync(db => db.Workers.AsNoTracking().OrderBy(x => x.Name).ToListAsync(Token));
        var now = await database.QueryAsync(db => db.NowAsync(Token));
        Assert.All(rows, row => Assert.Equal(WorkerState.Ready, row.State));
        Assert.All(rows, row => Assert.InRange(now - row.LastSeenAt, TimeSpan.FromSeconds(-1), TimeSpan.FromSeconds(30)));
        Assert.Equal((7L, new SlotStatus("rendering", "emoji", 2, 8)), (rows[0].SpoolBytes, Assert.Single(rows[0].SlotStatus)));
    }

    [Fact]
    public async Task A_heartbeat_that_comes_after_newer_ones_changes_nothing_even_if_those_said_nothing_new()
    {
        await AddAsync("ada", silentFor: TimeSpan.FromMinutes(1));
        await AddAsync("bob", silentFor: TimeSpan.FromMinutes(1));
        await AddAsync("cyd", silentFor: TimeSpan.FromMinutes(1));
        await _coordinator.Beats.WriteAsync([Beat("bob") with { Sequence = 9 }, Beat("ada") with { Sequence = 7 }], Token);

        var known = await _coordinator.Beats.WriteAsync([Beat("ada") with { Sequence = 6, IsDraining = true }, Beat("bob") with { Sequence = 8, IsDraining = true }], Token);

        // Whom it is from lives all the same, and holds its leases.
        Assert.Equal(2, known.Count);
        var rows = await database.QueryAsync(db => db.Workers.AsNoTracking().OrderBy(x => x.Name).ToListAsync(Token));
        Assert.Equal([("ada", 7, WorkerState.Ready), ("bob", 9, WorkerState.Ready), ("cyd", 0, WorkerState.Ready)], rows.Select(row => (row.Name, row.HeartbeatSequence, row.State)));
        Assert.Equal(rows[0].LastSeenAt, rows[1].LastSeenAt);
        Assert.InRange(rows[0].LastSeenAt - rows[2].LastSeenAt, TimeSpan.FromSeconds(50), TimeSpan.FromMinutes(5));
    }

    [Fact]
    public async Task A_worker_that_is_drained_stays_so_whatever_it_says_and_is_offered_nothing()
    {
        await AddAsync("old", silentFor: TimeSpan.FromSeconds(8));
        await database.ExecuteAsync("UPDATE workers SET state = 'Draining', drain_reason = 'New cooler.'");

        var known = await _coordinator.Beats.WriteAsync([Beat("old") with { ResidentBytes = 7 }], Token);

        Assert.Equal("New cooler.", Assert.Single(known.Values).DrainReason);
        var row = await database.QueryAsync(db => db.Workers.AsNoTracking().SingleAsync(Token));
        Assert.Equal((WorkerState.Draining, 7L), (row.State, row.ResidentBytes));
    }

    [Fact]
    public async Task Leases_of_many_workers_are_renewed_at_once_and_the_others_are_named()
    {
        var (ada, bob) = (await LeaseAsync("ada"), await LeaseAsync("bob"));
        await database.ExecuteAsync(database is PostgresLedgerDatabase
            ? "UPDATE leases SET lease_until = clock_timestamp() + interval '1 second'"
            : "UPDATE leases SET lease_until = CAST(unixepoch('subsec') * 1000 AS INTEGER) + 1000");

        var unknown = Guid.NewGuid();
        var gone = await _coordinator.Ledger.RenewAsync([new HeldLeases("ada", 1, [ada, unknown]), new HeldLeases("bob", 2, [bob]), new HeldLeases("cyd", 1, [])], Token);

        Assert.Equal(["ada 1", "bob 2"], gone.Select(x => $"{x.Worker} {x.Epoch}"));
        Assert.Equal([unknown, bob], gone.SelectMany(x => x.Attempts));
        var now = await database.QueryAsync(db => db.NowAsync(Token));
        var leases = await database.QueryAsync(db => db.Leases.AsNoTracking().ToDictionaryAsync(x => x.AttemptId, Token));
        Assert.True(leases[ada].LeaseUntil > now.AddSeconds(8), "Not renewed.");
        Assert.True(leases[bob].LeaseUntil < now.AddSeconds(5), "Renewed by a stranger.");
    }

    [Fact]
    public async Task A_lease_renewed_a_moment_ago_is_not_written_again()
    {
        var lease = await LeaseAsync("ada");
        // On a machine that stood still between the two, the first is a moment ago no more.
        await Eventually.IsAsync(
            async () =>
            {
                Assert.Empty(await _coordinator.Ledger.RenewAsync([new HeldLeases("ada", 1, [lease])], Token));
                var before = await DeadlineAsync(lease);
                Assert.Empty(await _coordinator.Ledger.RenewAsync([new HeldLeases("ada", 1, [lease])], Token));
                return await DeadlineAsync(lease) - before;
            },
            later => database is PostgresLedgerDatabase ? later == TimeSpan.Zero : later >= TimeSpan.Zero, TimeSpan.FromSeconds(60), null, Token);
    }

    [Fact]
    public async Task After_an_outage_leases_live_on_instead_of_expiring()
    {
        var lease = await LeaseAsync("ada");
        await ExpireAllAsync();
        await LeadAfterOutageAsync();

        Assert.Equal(0, await _coordinator.Expire.RunOnceAsync(Token));
        Assert.True(await DeadlineAsync(lease) > (await database.QueryAsync(db => db.NowAsync(Token))).AddSeconds(8));
        Assert.Null(_coordinator.Leader.Outage);
        var incident = Assert.Single(await database.QueryAsync(db => db.Incidents.AsNoTracking().ToListAsync(Token)));
        Assert.Equal("Coordinators", incident.Kind);
        Assert.True(incident.EndedAt - incident.StartedAt > TimeSpan.FromSeconds(50), "Shorter than the outage.");
        Assert.Equal(0, await _coordinator.Expire.RunOnceAsync(Token));

        await ExpireAllAsync();
        Assert.Equal(1, await _coordinator.Expire.RunOnceAsync(Token));
    }

    [Fact]
    public async Task Workers_are_lost_when_silent_and_idle_ones_later_than_busy_ones()
    {
        await AddAsync("idle", silentFor: TimeSpan.FromSeconds(16));
        await AddAsync("busy", silentFor: TimeSpan.FromSeconds(16));
        await AddAsync("away", silentFor: TimeSpan.FromSeconds(40));
        await AddAsync("alive", silentFor: TimeSpan.FromSeconds(9));
        await LeaseAsync("busy");
        await database.ExecuteAsync(database is PostgresLedgerDatabase
            ? "UPDATE leases SET offered_at = offered_at - interval '1 minute'"
            : "UPDATE leases SET offered_at = offered_at - 60000");

        Assert.Equal(2, await _coordinator.Workers.RunOnceAsync(Token));
        var states = await database.QueryAsync(db => db.Workers.ToDictionaryAsync(x => x.Name, x => x.State, Token));
        Assert.Equal(
            (WorkerState.Ready, WorkerState.Lost, WorkerState.Lost, WorkerState.Ready), (states["idle"], states["busy"], states["away"], states["alive"]));
    }

    [Fact]
    public async Task Nobody_is_lost_right_after_an_outage()
    {
        await AddAsync("unheard", silentFor: TimeSpan.FromMinutes(5));
        await LeadAfterOutageAsync();
        await _coordinator.Expire.RunOnceAsync(Token);
        Assert.Equal(0, await _coordinator.Workers.RunOnceAsync(Token));
    }

    /// <summary>This coordinator leads, and nobody had for a minute.</summary>
    private async Task LeadAfterOutageAsync()
    {
        await _coordinator.Leader.HoldAsync(Token);
        if (database is PostgresLedgerDatabase)
        {
            await database.ExecuteAsync("UPDATE leadership SET since = since - interval '1 minute'");
        }

        _coordinator.Time.Advance(TimeSpan.FromMinutes(1));
        await _coordinator.Leader.HoldAsync(Token);
        Assert.NotNull(_coordinator.Leader.Outage);
    }

    private Task<int> ExpireAllAsync() => database.ExecuteAsync(database is PostgresLedgerDatabase
        ? "UPDATE leases SET lease_until = clock_timestamp() - interval '1 second'"
        : "UPDATE leases SET lease_until = CAST(unixepoch('subsec') * 1000 AS INTEGER) - 1000");

    private Task<DateTimeOffset?> DeadlineAsync(Guid lease) => database.QueryAsync(db => db.Leases.Where(x => x.AttemptId == lease).Select(x => x.LeaseUntil).SingleAsync(Token));

    private async Task<Guid> LeaseAsync(string worker)
    {
        var job = (await _coordinator.Ledger.SubmitAsync(LedgerData.Job(4), null, Token)).Job;
        var offer = Assert.Single((await _coordinator.Ledger.OfferAsync([new OfferPlan(Guid.NewGuid(), job.Id, 0, 4, worker, 1)], Token)).Leases).Offer;
        await _coordinator.Ledger.AcceptAsync([LedgerData.Accepted(offer, worker)], Token);
        return offer.AttemptId;
    }

    private static WorkerHeartbeat Beat(string worker) => new(worker, 1, 5, false, [], ["emoji"], 100);

    private async Task AddAsync(string name, TimeSpan silentFor, WorkerState state = WorkerState.Ready)
    {
        await using var db = database.Factory.CreateDbContext();
        var heard = await db.NowAsync(Token) - silentFor;
        db.Workers.Add(new FarmWorker
        {
            Name = name,
            Epoch = 1,
            State = state,
            Version = "1",
            Device = "cpu",
            Slots = 1,
            Window = 2,
            BatchSize = 4,
            MemoryBytes = 1,
            ResidentBytes = 100,
            Models = [],
            WarmModels = ["emoji"],
            JoinedAt = heard,
            LastSeenAt = heard,
        });
        await db.SaveChangesAsync(Token);
    }
}
