using Microsoft.EntityFrameworkCore;
using RenderFarm.Coordinator.Standing;
using RenderFarm.Coordinator.Workers;
using RenderFarm.Shared;
using RenderFarm.Shared.Protocol;

namespace RenderFarm.Coordinator.Tests.Standing;

public abstract partial class StandingContract
{
    private static readonly TimeSpan Margin = new StandingOptions().IncidentMargin;

    [Fact]
    public async Task Strikes_before_an_incident_was_noticed_become_void_and_the_drain_is_lifted()
    {
        await StrikeAsync("ada", ErrorClass.Worker, ErrorClass.Worker, ErrorClass.Worker);
        Assert.IsType<DrainRequested>(await _farm.Told.NextAsync());

        await _farm.Get<Incidents>().OpenAsync(IncidentKind.Store, "The store is away.", TimeSpan.Zero, Token);

        Assert.All(await _farm.StrikesAsync(), strike => Assert.True(strike.IsVoid));
        Assert.Null((await StandingOfAsync("ada")).Reason);
        Assert.Equal(new ResumeRequested("ada", 1), await _farm.Told.NextAsync());
    }

    [Fact]
    public async Task Blocks_by_void_strikes_are_lifted_and_those_by_hand_stay()
    {
        await _farm.RenderAsync(await _farm.SubmitAsync(), "bob");
        await StrikeAsync("ada", ErrorClass.Worker, ErrorClass.Worker);
        await _farm.Get<BlockWorker>().BlockAsync("ada", new BlockTarget(BlockScope.Model, "photo", "By hand."), Token);
        Assert.Equal(["ada Model emoji", "ada Model photo"], await _farm.BlocksAsync());

        await _farm.Get<Incidents>().PassedAsync(IncidentKind.Coordinators, "Nobody led for 5 s.", TimeSpan.FromSeconds(5), Token);

        Assert.Equal(["ada Model photo"], await _farm.BlocksAsync());
    }

    [Fact]
    public async Task Strikes_while_an_incident_lasts_and_shortly_after_are_void_from_the_start()
    {
        var incidents = _farm.Get<Incidents>();
        await incidents.OpenAsync(IncidentKind.Store, "The store is away.", TimeSpan.Zero, Token);
        await StrikeAsync("ada", ErrorClass.Worker, ErrorClass.Worker);
        await incidents.CloseAsync(IncidentKind.Store, Token);
        await StrikeAsync("ada", ErrorClass.Worker, ErrorClass.Worker);
        Assert.Equal((WorkerState.Ready, null), await StandingOfAsync("ada"));
        Assert.All(await _farm.StrikesAsync(), strike => Assert.True(strike.IsVoid));

        await MoveIncidentsAsync(Margin + TimeSpan.FromSeconds(5));
        await StrikeAsync("ada", ErrorClass.Worker);

        Assert.False((await _farm.StrikesAsync())[^1].IsVoid);
        Assert.Equal((WorkerState.Ready, null), await StandingOfAsync("ada"));
    }

    [Fact]
    public async Task Strikes_long_before_an_incident_stand()
    {
        await StrikeAsync("ada", ErrorClass.Worker, ErrorClass.Worker, ErrorClass.Worker);
        await _farm.AgeAsync(Margin + TimeSpan.FromSeconds(5));

        await _farm.Get<Incidents>().OpenAsync(IncidentKind.Store, "The store is away.", TimeSpan.Zero, Token);

        Assert.All(await _farm.StrikesAsync(), strike => Assert.False(strike.IsVoid));
        Assert.Equal(WorkerState.Draining, (await StandingOfAsync("ada")).State);
    }

    [Fact]
    public async Task A_drain_by_hand_outlasts_an_incident()
    {
        await StrikeAsync("ada", ErrorClass.Worker, ErrorClass.Worker, ErrorClass.Worker);
        await _farm.Get<DrainWorker>().DrainAsync("ada", "New cooler.", Token);

        await _farm.Get<Incidents>().OpenAsync(IncidentKind.Store, "The store is away.", TimeSpan.Zero, Token);

        Assert.Equal((WorkerState.Draining, "New cooler."), await StandingOfAsync("ada"));
    }

    [Fact]
    public async Task An_incident_is_one_row_however_often_it_is_told_and_starts_when_it_first_did()
    {
        var incidents = _farm.Get<Incidents>();
        await incidents.OpenAsync(IncidentKind.Store, "The store is away.", TimeSpan.FromSeconds(3), Token);
        await incidents.OpenAsync(IncidentKind.Store, "Still.", TimeSpan.FromSeconds(60), Token);
        await incidents.OpenAsync(IncidentKind.Store, "Still.", TimeSpan.Zero, Token);
        await incidents.CloseAsync(IncidentKind.Store, Token);
        await incidents.CloseAsync(IncidentKind.Store, Token);

        var row = Assert.Single(await IncidentsAsync());
        Assert.Equal(("Store", "The store is away."), (row.Kind, row.Message));
        Assert.InRange(row.EndedAt!.Value - row.StartedAt, TimeSpan.FromSeconds(60), TimeSpan.FromSeconds(90));
    }

    [Fact]
    public async Task Workers_that_lose_the_store_together_are_an_incident_until_they_have_it_back()
    {
        await _farm.ChangeAsync("ada", worker => worker.StoreIsAway = true);
        await WatchAsync();
        Assert.Empty(await IncidentsAsync());

        await _farm.ChangeAsync("bob", worker => worker.StoreIsAway = true);
        await StrikeAsync("ada", ErrorClass.Worker);
        await WatchAsync();
        var open = Assert.Single(await IncidentsAsync());
        Assert.Equal(("Store", null), (open.Kind, open.EndedAt));
        Assert.True(Assert.Single(await _farm.StrikesAsync()).IsVoid);

        await _farm.ChangeAsync("bob", worker => worker.StoreIsAway = false);
        await WatchAsync();
        Assert.NotNull(Assert.Single(await IncidentsAsync()).EndedAt);
    }

    [Fact]
    public async Task Workers_that_are_lost_together_are_an_incident_since_the_first_fell_silent()
    {
        await _farm.ChangeAsync("ada", worker => (worker.State, worker.LastSeenAt) = (WorkerState.Lost, worker.LastSeenAt - TimeSpan.FromSeconds(20)));
        await _farm.ChangeAsync("bob", worker => (worker.State, worker.LastSeenAt) = (WorkerState.Lost, worker.LastSeenAt - TimeSpan.FromSeconds(30)));
        await WatchAsync();

        var row = Assert.Single(await IncidentsAsync());
        Assert.Equal(("Workers", "2 of 3 workers were lost at once."), (row.Kind, row.Message));
        Assert.InRange((await _farm.WorkerAsync("bob")).LastSeenAt - row.StartedAt, TimeSpan.FromSeconds(-9), TimeSpan.FromSeconds(1));

        await _farm.ChangeAsync("bob", worker => worker.LastSeenAt -= TimeSpan.FromSeconds(40));
        await WatchAsync();
        Assert.NotNull(Assert.Single(await IncidentsAsync()).EndedAt);
    }

    private Task<List<Incident>> IncidentsAsync() => database.QueryAsync(db => db.Incidents.AsNoTracking().ToListAsync(Token));

    private Task<int> MoveIncidentsAsync(TimeSpan back) => database.QueryAsync(async db =>
    {
        foreach (var incident in await db.Incidents.ToListAsync(Token))
        {
            (incident.StartedAt, incident.EndedAt) = (incident.StartedAt - back, incident.EndedAt - back);
        }

        return await db.SaveChangesAsync(Token);
    });
}
