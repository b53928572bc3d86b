using RenderFarm.Coordinator.Workers;
using RenderFarm.Shared;
using RenderFarm.Shared.Protocol;

namespace RenderFarm.Coordinator.Tests.Standing;

public abstract partial class StandingContract
{
    [Fact]
    public async Task A_drain_is_kept_and_told_and_a_resume_forgives_the_strikes()
    {
        var drain = _farm.Get<DrainWorker>();
        await StrikeAsync("ada", ErrorClass.Worker, ErrorClass.Worker);
        Assert.Equal(OrderOutcome.Done, await drain.DrainAsync("ada", "New cooler.", Token));
        Assert.Equal((WorkerState.Draining, "New cooler."), await StandingOfAsync("ada"));
        Assert.Equal(new DrainRequested("ada", 1, "New cooler."), await _farm.Told.NextAsync());

        Assert.Equal(OrderOutcome.Done, await drain.ResumeAsync("ada", Token));
        Assert.Null((await StandingOfAsync("ada")).Reason);
        Assert.Equal(new ResumeRequested("ada", 1), await _farm.Told.NextAsync());

        await StrikeAsync("ada", ErrorClass.Worker);
        Assert.Null((await StandingOfAsync("ada")).Reason);
    }

    [Fact]
    public async Task Orders_to_workers_that_cannot_follow_say_why()
    {
        var drain = _farm.Get<DrainWorker>();
        await _farm.ChangeAsync("bob", worker => worker.State = WorkerState.Gone);
        await _farm.ChangeAsync("cy", worker => worker.State = WorkerState.Draining);

        Assert.Equal(OrderOutcome.NoWorker, await drain.DrainAsync("dot", "Test.", Token));
        Assert.Equal(OrderOutcome.NoWorker, await drain.ResumeAsync("dot", Token));
        Assert.Equal(OrderOutcome.IsGone, await drain.DrainAsync("bob", "Test.", Token));
        Assert.Equal(OrderOutcome.IsGone, await drain.ResumeAsync("bob", Token));
        Assert.Equal(OrderOutcome.DrainsItself, await drain.ResumeAsync("cy", Token));
        Assert.Equal(OrderOutcome.Done, await drain.ResumeAsync("ada", Token));
        Assert.True(_farm.Told.IsEmpty);
    }

    [Fact]
    public async Task A_lost_worker_can_be_drained_before_it_returns()
    {
        await _farm.ChangeAsync("ada", worker => worker.State = WorkerState.Lost);

        Assert.Equal(OrderOutcome.Done, await _farm.Get<DrainWorker>().DrainAsync("ada", "New cooler.", Token));

        Assert.Equal((WorkerState.Lost, "New cooler."), await StandingOfAsync("ada"));
    }

    [Fact]
    public async Task An_unblock_forgives_the_strikes_that_would_bring_the_block_back()
    {
        await _farm.RenderAsync(await _farm.SubmitAsync(), "bob");
        await StrikeAsync("ada", ErrorClass.Worker, ErrorClass.Worker);
        Assert.Equal(["ada Model emoji"], await _farm.BlocksAsync());

        Assert.Equal(OrderOutcome.Done, await _farm.Get<BlockWorker>().UnblockAsync("ada", BlockScope.Model, "emoji", Token));
        await StrikeAsync("ada", ErrorClass.Worker);

        Assert.Empty(await _farm.BlocksAsync());
        Assert.Null((await StandingOfAsync("ada")).Reason);
    }

    [Theory]
    [InlineData(null, false, null, null)]
    [InlineData("New cooler.", true, "New cooler.", null)]
    [InlineData("New cooler.", true, "The disk is full.", null)]
    [InlineData("New cooler.", false, null, nameof(DrainRequested))]
    [InlineData(null, true, "New cooler.", nameof(ResumeRequested))]
    [InlineData(null, true, null, null)]
    public async Task A_heartbeat_is_answered_when_the_worker_and_the_farm_disagree(string? ordered, bool isDraining, string? said, string? answer)
    {
        await _farm.Get<TellWorker>().AnswerAsync(new WorkerHeartbeat("ada", 1, 1, isDraining, [], [], 0, DrainReason: said), ordered, Token);
        if (answer is not null)
        {
            Assert.Equal(answer, (await _farm.Told.NextAsync()).GetType().Name);
        }

        await _farm.Get<TellWorker>().DrainAsync("ada", 1, "last", Token);
        Assert.Equal(new DrainRequested("ada", 1, "last"), await _farm.Told.NextAsync());
    }
}
