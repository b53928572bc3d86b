using System.ComponentModel.DataAnnotations;
using RenderFarm.Worker.Tests.Bench;

namespace RenderFarm.Worker.Tests;

public sealed class WorkerOptionsTests
{
    public static TheoryData<string, Action<WorkerOptions>> Wrong => new()
    {
        { nameof(WorkerOptions.Name), options => options.Name = "Bad Name" },
        { nameof(WorkerOptions.Device), options => options.Device = "gpu" },
        { nameof(WorkerOptions.Models), options => options.Models = "/no/such/folder" },
        { nameof(WorkerOptions.Slots), options => options.Slots = 0 },
        { nameof(WorkerOptions.BatchSize), options => options.BatchSize = 65 },
        { nameof(WorkerOptions.MemoryBudgetMiB), options => options.MemoryBudgetMiB = 0 },
        { nameof(WorkerOptions.MemoryBudgetMiB), options => options.Device = "cuda:0" },
        { nameof(WorkerOptions.Threads), options => options.Threads = -1 },
        { nameof(WorkerOptions.LoraCacheMiB), options => options.LoraCacheMiB = -1 },
        { nameof(WorkerOptions.Spool), options => options.Spool = " " },
        { nameof(WorkerOptions.SpoolMiB), options => options.SpoolMiB = 0 },
        { nameof(WorkerOptions.SpoolFreeMiB), options => options.SpoolFreeMiB = -1 },
        { nameof(WorkerOptions.ModelCacheGiB), options => options.ModelCacheGiB = 0 },
        { nameof(WorkerOptions.ModelCacheFreeMiB), options => options.ModelCacheFreeMiB = -1 },
        { nameof(WorkerOptions.HeartbeatEvery), options => options.HeartbeatEvery = TimeSpan.FromSeconds(15) },
        { nameof(WorkerOptions.Isolation), options => options.Isolation = (WorkerIsolation)7 },
        { nameof(WorkerOptions.StepTimeout), options => options.StepTimeout = TimeSpan.FromMilliseconds(1) },
        { nameof(WorkerOptions.DrainTimeout), options => options.DrainTimeout = TimeSpan.Zero },
    };

    [Theory]
    [MemberData(nameof(Wrong), DisableDiscoveryEnumeration = true)]
    public void A_wrong_setting_is_named_with_what_is_allowed(string key, Action<WorkerOptions> change)
    {
        var options = Good();
        change(options);
        var problem = Assert.Single(options.Validate(new ValidationContext(options)));
        Assert.StartsWith($"Worker:{key} (RENDERFARM__Worker__{key}) is ", problem.ErrorMessage, StringComparison.Ordinal);
        Assert.Contains("allowed: ", problem.ErrorMessage, StringComparison.Ordinal);
    }

    [Fact]
    public void The_defaults_are_right_where_the_models_are() => Assert.Empty(Good().Validate(new ValidationContext(this)));

    [Theory]
    [InlineData("GPU-Box_7.example", "gpu-box-7-example")]
    [InlineData("__", "worker")]
    public void The_machines_name_becomes_a_name_that_queues_can_carry(string machine, string name) => Assert.Equal(name, WorkerIdentity.NameOfMachine(machine));

    [Fact]
    public void The_budget_is_half_of_the_memory_unless_it_is_set()
    {
        Assert.InRange(WorkerIdentity.Of(Good(), TimeProvider.System).MemoryBytes, 1 << 20, GC.GetGCMemoryInfo().TotalAvailableMemoryBytes);
        var options = Good();
        options.MemoryBudgetMiB = 5;
        Assert.Equal(5 << 20, WorkerIdentity.Of(options, TimeProvider.System).MemoryBytes);
    }

    private static WorkerOptions Good() => new() { Models = WorkerBench.Models };
}
