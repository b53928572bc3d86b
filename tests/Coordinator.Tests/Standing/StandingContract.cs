using Microsoft.EntityFrameworkCore;
using RenderFarm.Coordinator.Standing;
using RenderFarm.Coordinator.Tests.Ledger;
using RenderFarm.Coordinator.Workers;
using RenderFarm.Shared;
using RenderFarm.Shared.Protocol;

namespace RenderFarm.Coordinator.Tests.Standing;

/// <summary>What strikes lead to, on every database alike.</summary>
public abstract partial class StandingContract(LedgerDatabase database) : IAsyncLifetime
{
    private StandingFarm _farm = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _farm = await StandingFarm.StartAsync(database);

    public async ValueTask DisposeAsync()
    {
        await _farm.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task Three_strikes_drain_a_worker_and_tell_it()
    {
        await StrikeAsync("ada", ErrorClass.Worker, ErrorClass.Crash);
        Assert.Equal((WorkerState.Ready, null), await StandingOfAsync("ada"));

        await StrikeAsync("ada", ErrorClass.OutOfMemory);

        var (state, reason) = await StandingOfAsync("ada");
        Assert.Equal(WorkerState.Draining, state);
        Assert.Equal(new DrainRequested("ada", 1, reason!), await _farm.Told.NextAsync());
        Assert.Equal((WorkerState.Ready, null), await StandingOfAsync("bob"));
        Assert.Equal([ErrorClass.Worker, ErrorClass.Crash, ErrorClass.OutOfMemory], (await _farm.StrikesAsync()).Select(strike => strike.ErrorClass).Order());
    }

    [Fact]
    public async Task Errors_of_others_strike_nobody()
    {
        await StrikeAsync("ada", ErrorClass.Infrastructure, ErrorClass.Interrupted, ErrorClass.Request, null, ErrorClass.Infrastructure);

        Assert.Empty(await _farm.StrikesAsync());
        Assert.Equal((WorkerState.Ready, null), await StandingOfAsync("ada"));
    }

    [Fact]
    public async Task A_report_that_comes_again_or_too_late_strikes_nobody()
    {
        var job = await _farm.SubmitAsync();
        var once = LedgerData.Ended(await _farm.LeaseAsync(job, "ada"), "ada", ErrorClass.Crash, "signal 11");
        await _farm.EndAsync(once, once);
        await _farm.EndAsync(once);
        var late = await _farm.LeaseAsync(job, "ada");
        await _farm.Ledger.ReleaseWorkerAsync("ada", 1, "It was lost.", Token);
        await _farm.EndAsync(LedgerData.Ended(late, "ada", ErrorClass.Crash, "signal 6"));

        Assert.Equal(once.AttemptId, Assert.Single(await _farm.StrikesAsync()).AttemptId);
    }

    [Fact]
    public async Task A_strike_that_cannot_be_written_leaves_the_lease_to_the_next_report()
    {
        var report = LedgerData.Ended(await _farm.LeaseAsync(await _farm.SubmitAsync(), "ada"), "ada", ErrorClass.Crash, "signal 11");
        await database.ExecuteAsync("ALTER TABLE strikes RENAME TO strikes_away");
        try
        {
            await Assert.ThrowsAsync<DbUpdateException>(() => _farm.EndAsync(report));
        }
        finally
        {
            await database.ExecuteAsync("ALTER TABLE strikes_away RENAME TO strikes");
        }

        await _farm.EndAsync(report);
        await _farm.EndAsync(report);

        Assert.Equal(report.AttemptId, Assert.Single(await _farm.StrikesAsync()).AttemptId);
    }

    [Fact]
    public async Task One_death_under_several_leases_is_one_strike()
    {
        var (one, other) = (await _farm.LeaseAsync(await _farm.SubmitAsync(), "ada"), await _farm.LeaseAsync(await _farm.SubmitAsync(), "ada"));

        await _farm.EndAsync(
            LedgerData.Ended(one, "ada", ErrorClass.Crash, "signal 11") with { Evidence = "pid 70" },
            LedgerData.Ended(other, "ada", ErrorClass.Crash, "signal 11") with { Evidence = "pid 70" });

        Assert.Single(await _farm.StrikesAsync());
    }

    [Fact]
    public async Task Old_strikes_are_forgiven()
    {
        await StrikeAsync("ada", ErrorClass.Worker, ErrorClass.Worker);
        await _farm.AgeAsync(TimeSpan.FromMinutes(11));

        await StrikeAsync("ada", ErrorClass.Worker);

        Assert.Equal((WorkerState.Ready, null), await StandingOfAsync("ada"));
    }

    [Fact]
    public async Task A_worker_that_fails_where_others_do_well_is_blocked_for_the_model_until_the_time_is_over()
    {
        await _farm.RenderAsync(await _farm.SubmitAsync(), "bob");
        await StrikeAsync("ada", ErrorClass.Worker, ErrorClass.Worker);

        Assert.Equal(["ada Model emoji"], await _farm.BlocksAsync());
        Assert.Equal((WorkerState.Ready, null), await StandingOfAsync("ada"));

        await database.QueryAsync(async db =>
        {
            var block = db.WorkerBlocks.Single();
            Assert.Equal(TimeSpan.FromMinutes(30), block.Until - block.Since);
            block.Until = await db.NowAsync(Token);
            return await db.SaveChangesAsync(Token);
        });
        await _farm.AgeAsync(TimeSpan.FromMinutes(30));
        await WatchAsync();
        Assert.Empty(await _farm.BlocksAsync());
    }

    [Fact]
    public async Task A_worker_that_fails_at_one_job_only_is_blocked_for_it()
    {
        var (good, bad) = (await _farm.SubmitAsync(), await _farm.SubmitAsync());
        await _farm.RenderAsync(good, "ada");
        await _farm.RenderAsync(bad, "bob");
        await _farm.FailAsync(bad, "ada", ErrorClass.OutOfMemory);
        await _farm.FailAsync(bad, "ada", ErrorClass.OutOfMemory);

        Assert.Equal([$"ada Job {bad}"], await _farm.BlocksAsync());
    }

    [Fact]
    public async Task A_coordinator_that_died_between_strike_and_verdict_is_made_up_for()
    {
        await StrikeAsync("ada", ErrorClass.Worker, ErrorClass.Worker);
        await database.QueryAsync(async db =>
        {
            db.Strikes.Add(new Strike
            {
                Id = Guid.NewGuid(),
                Worker = "ada",
                WorkerEpoch = 1,
                JobId = Guid.NewGuid(),
                Model = "emoji",
                AttemptId = Guid.NewGuid(),
                ErrorClass = ErrorClass.Worker,
                At = await db.NowAsync(Token),
            });
            return await db.SaveChangesAsync(Token);
        });

        await WatchAsync();

        Assert.Equal(WorkerState.Draining, (await StandingOfAsync("ada")).State);
    }

    [Fact]
    public async Task Strikes_of_a_process_before_do_not_follow_its_successor()
    {
        await StrikeAsync("ada", ErrorClass.Worker, ErrorClass.Worker);
        await _farm.ChangeAsync("ada", worker => worker.Epoch = 2);

        await StrikeAsync("ada", ErrorClass.Worker);

        Assert.Equal((WorkerState.Ready, null), await StandingOfAsync("ada"));
    }

    private Task WatchAsync() => _farm.Get<WatchWorkers>().RunOnceAsync(Token);

    private async Task<(WorkerState State, string? Reason)> StandingOfAsync(string worker)
    {
        var row = await _farm.WorkerAsync(worker);
        return (row.State, row.DrainReason);
    }

    /// <summary>Each over a job of its own.</summary>
    private async Task StrikeAsync(string worker, params IReadOnlyList<ErrorClass?> errors)
    {
        foreach (var error in errors)
        {
            await _farm.FailAsync(await _farm.SubmitAsync(), worker, error);
        }
    }
}

public sealed class StandingOnPostgresTests(PostgresLedgerDatabase database) : StandingContract(database), IClassFixture<PostgresLedgerDatabase>;

public sealed class StandingOnSqliteTests(SqliteLedgerDatabase database) : StandingContract(database), IClassFixture<SqliteLedgerDatabase>;
