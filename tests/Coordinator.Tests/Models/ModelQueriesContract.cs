using RenderFarm.Coordinator.Models;
using RenderFarm.Coordinator.Tests.Ledger;
using RenderFarm.Coordinator.Workers;
using RenderFarm.Shared;
using RenderFarm.Shared.Protocol;

namespace RenderFarm.Coordinator.Tests.Models;

public sealed class ModelQueriesOnPostgresTests(PostgresLedgerDatabase database) : ModelQueriesContract(database), IClassFixture<PostgresLedgerDatabase>;

public sealed class ModelQueriesOnSqliteTests(SqliteLedgerDatabase database) : ModelQueriesContract(database), IClassFixture<SqliteLedgerDatabase>;

/// <summary>Where the models lie, as the API tells it.</summary>
public abstract class ModelQueriesContract(LedgerDatabase database)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_model_of_the_store_is_of_no_worker_until_one_has_fetched_it()
    {
        var name = $"photos-{Guid.NewGuid():N}";
        await AddAsync(name, "own", ModelResidence.Folder, "other digest");
        await AddAsync(name, "empty", ModelResidence.Store);
        var before = await ViewAsync(name);
        await AddAsync(name, "holder", ModelResidence.Fetched);
        var after = await ViewAsync(name);

        Assert.Equal((true, ""), (before.IsInStore, string.Join(' ', before.Workers)));
        Assert.Equal((true, $"{name}-holder"), (after.IsInStore, string.Join(' ', after.Workers)));
    }

    [Fact]
    public async Task A_model_in_the_folders_of_workers_alone_is_not_in_the_store()
    {
        var name = $"photos-{Guid.NewGuid():N}";
        await AddAsync(name, "own", ModelResidence.Folder);
        var view = await ViewAsync(name);
        Assert.Equal((false, $"{name}-own"), (view.IsInStore, Assert.Single(view.Workers)));
    }

    [Fact]
    public async Task A_model_in_a_workers_folder_that_was_pushed_too_is_the_workers_and_in_the_store()
    {
        var name = $"photos-{Guid.NewGuid():N}";
        await AddAsync(name, "own", ModelResidence.FolderAndStore);
        var view = await ViewAsync(name);
        Assert.Equal((true, $"{name}-own"), (view.IsInStore, Assert.Single(view.Workers)));
    }

    private async Task<Shared.Api.ModelView> ViewAsync(string name) => Assert.Single(await new ModelQueries(database.Factory).ListAsync(Token), model => model.Name == name);

    private async Task AddAsync(string model, string worker, ModelResidence place, string digest = "d1")
    {
        await using var db = await database.Factory.CreateDbContextAsync(Token);
        if (await db.Models.FindAsync([model], Token) is null)
        {
            db.Models.Add(new FarmModel { Name = model, Digest = "d1", Family = "sd1", DefaultWidth = 512, DefaultHeight = 512, SizeMultiple = 64, Bytes = 1, UpdatedAt = DateTimeOffset.UnixEpoch });
        }

        db.Workers.Add(new FarmWorker
        {
            Name = $"{model}-{worker}",
            Epoch = 1,
            State = WorkerState.Ready,
            Version = "1",
            Device = "cpu",
            Slots = 1,
            Window = 2,
            BatchSize = 4,
            MemoryBytes = 1,
            Models = [new WorkerModel(model, digest, "sd1", 512, 512, 64, 1, null, place)],
            JoinedAt = DateTimeOffset.UnixEpoch,
            LastSeenAt = DateTimeOffset.UnixEpoch,
        });
        await db.SaveChangesAsync(Token);
    }
}
