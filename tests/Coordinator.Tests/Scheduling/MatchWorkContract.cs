using Microsoft.EntityFrameworkCore;
using RenderFarm.Coordinator.Tests.Ledger;
using RenderFarm.Shared.Protocol;

namespace RenderFarm.Coordinator.Tests.Scheduling;

public sealed class MatchWorkOnPostgresTests(PostgresLedgerDatabase database) : MatchWorkContract(database), IClassFixture<PostgresLedgerDatabase>;

public sealed class MatchWorkOnSqliteTests(SqliteLedgerDatabase database) : MatchWorkContract(database), IClassFixture<SqliteLedgerDatabase>;

/// <summary>What a match tick finds to do.</summary>
public abstract class MatchWorkContract(LedgerDatabase database) : IAsyncLifetime
{
    private LeadingCoordinator _coordinator = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        await database.ExecuteAsync("DELETE FROM jobs");
        await database.ExecuteAsync("DELETE FROM workers");
        _coordinator = await LeadingCoordinator.StartAsync(database, LedgerData.Patient, Token);
    }

    public async ValueTask DisposeAsync()
    {
        await _coordinator.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task A_long_queue_for_one_model_keeps_no_worker_of_another_idle()
    {
        for (var number = 0; number < 300; number++)
        {
            await SubmitAsync("large");
        }

        var last = await SubmitAsync("small");
        await AddAsync("has-small", "small");

        Assert.Equal(1, await _coordinator.Match.RunOnceAsync(Token));
        Assert.Equal((last, "has-small"), Assert.Single(await LeasesAsync()));
    }

    [Fact]
    public async Task Who_can_render_what_is_first_in_the_queue_is_given_that()
    {
        var first = await SubmitAsync("large");
        for (var number = 0; number < 300; number++)
        {
            await SubmitAsync("small");
        }

        await AddAsync("has-both", "large", "small");

        Assert.Equal(2, await _coordinator.Match.RunOnceAsync(Token));
        Assert.Contains((first, "has-both"), await LeasesAsync());
    }

    private Task<List<(Guid Job, string Worker)>> LeasesAsync() => database.QueryAsync(async db =>
        (await db.Leases.AsNoTracking().ToListAsync(Token)).ConvertAll(lease => (lease.JobId, lease.Worker)));

    private async Task<Guid> SubmitAsync(string digest) => (await _coordinator.Ledger.SubmitAsync(LedgerData.Job(1, model: digest, digest: digest), null, Token)).Job.Id;

    private async Task AddAsync(string name, params IReadOnlyList<string> models)
    {
        await using var db = database.Factory.CreateDbContext();
        var copies = models.Select(model => new WorkerModel(model, model, "sd1", 64, 64, 8, 1, null));
        db.Workers.Add(LedgerData.Worker(name, await db.NowAsync(Token), batchSize: 1, [.. copies]));
        await db.SaveChangesAsync(Token);
    }
}
