using RenderFarm.Coordinator.Dashboard.Elements;
using RenderFarm.Shared;
using RenderFarm.Shared.Api;

namespace RenderFarm.Coordinator.Tests.Dashboard.Elements;

public sealed class FarmHealthTests
{
    [Theory]
    [InlineData("Ready Ready", 9, "Healthy", "2 workers ready")]
    [InlineData("Ready Gone", 0, "Healthy", "1 worker ready")]
    [InlineData("Ready Lost", 0, "Degraded", "lost: w1")]
    [InlineData("Ready Lost Lost Lost Lost", 0, "Degraded", "lost: w1, w2, w3 and 1 more")]
    [InlineData("Lost Gone", 12, "Stopped", "12 images wait and no worker is ready")]
    [InlineData("Draining", 0, "No workers", "a worker joins by itself when it is started")]
    [InlineData("", 0, "No workers", "a worker joins by itself when it is started")]
    public void Health_follows_from_the_workers_and_what_waits(string states, long waiting, string word, string sentence)
    {
        var workers = states.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select((state, i) => Worker($"w{i}", Enum.Parse<WorkerState>(state))).ToList();

        var health = FarmHealth.Of(workers, waiting);

        Assert.Equal((word, sentence), (health.Word, health.Sentence));
    }

    private static WorkerView Worker(string name, WorkerState state) => new()
    {
        Name = name,
        Epoch = 1,
        State = state,
        Version = "1",
        Device = "cpu",
        Slots = 1,
        Leases = 0,
        Rendering = 0,
        Rendered = 0,
        WarmModels = [],
        ResidentBytes = 0,
        MemoryBytes = 1,
        JoinedAt = DateTimeOffset.UnixEpoch,
        LastSeenAt = DateTimeOffset.UnixEpoch,
    };
}
