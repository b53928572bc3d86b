using RenderFarm.Shared;
using RenderFarm.Shared.Api;

namespace RenderFarm.Coordinator.Tests.Api;

public abstract class WorkersAndModelsContract(ApiFarm farm)
{
    [Fact]
    public async Task Models_tell_who_has_them_and_what_is_wrong_with_them()
    {
        var models = await farm.GetAsync<IReadOnlyList<ModelView>>("/v1/models");

        Assert.Equal(["emoji", "torn"], models.Select(model => model.Name));
        Assert.Equal([ApiFarm.Worker], models[0].Workers);
        Assert.Equal([ApiFarm.Worker], models[0].WarmOn);
        Assert.Null(models[0].Problem);
        Assert.Equal((0, "unet/model.onnx is missing"), (models[1].Workers.Count, models[1].Problem));
    }

    [Fact]
    public async Task Workers_tell_what_they_hold()
    {
        var job = await farm.SubmitAsync(new JobRequest { Count = 4, Settings = new() { Prompt = "a pizza" } });
        var before = Assert.Single(await farm.GetAsync<IReadOnlyList<WorkerView>>("/v1/workers"));
        await farm.CommitAsync(await farm.LeaseAsync(job.Id, 4), 0);

        var worker = Assert.Single(await farm.GetAsync<IReadOnlyList<WorkerView>>("/v1/workers"));

        Assert.Equal((ApiFarm.Worker, WorkerState.Ready, before.Leases + 1, before.Rendering + 3, before.Rendered + 1), (worker.Name, worker.State, worker.Leases, worker.Rendering, worker.Rendered));
    }
}

public sealed class SqliteWorkersAndModelsTests(ApiFarm farm) : WorkersAndModelsContract(farm), IClassFixture<ApiFarm>;

public sealed class PostgresWorkersAndModelsTests(PostgresApiFarm farm) : WorkersAndModelsContract(farm), IClassFixture<PostgresApiFarm>;
