using System.Text.Json;
using RenderFarm.Shared;
using RenderFarm.Shared.Api;
using RenderFarm.Shared.Settings;

namespace RenderFarm.Client.Tests;

internal static class Samples
{
    public static readonly Guid JobId = Guid.Parse("0193a5d2-7c00-7000-8000-000000000001");

    public static JobView Job(JobState state = JobState.Running, long version = 1) => new()
    {
        Id = JobId,
        Name = "posters",
        Model = "emoji",
        ModelDigest = "d",
        State = state,
        Class = JobClass.Standard,
        Priority = 0,
        FrameCount = 4,
        Rendered = 0,
        Rendering = 0,
        Failed = 0,
        Cancelled = 0,
        Progress = 0,
        CreatedAt = DateTimeOffset.UnixEpoch,
        Settings = new RenderSettings { Prompt = "a pizza" },
        PromptCount = 1,
        Output = new OutputSettings(),
        Labels = new Dictionary<string, string>(),
        Version = version,
    };

    public static FrameView Frame(long index) => new() { Index = index, State = FrameState.Rendered, Seed = 42 + index, Image = $"v1/jobs/{JobId}/frames/{index}/image", Sha256 = "" };

    public static WorkerView Worker(string name) => new()
    {
        Name = name,
        Epoch = 1,
        State = WorkerState.Ready,
        Version = "1",
        Device = "cpu",
        Slots = 1,
        SlotStatus = [new SlotView { State = "rendering", Model = "emoji", Step = 7, Steps = 20 }],
        Leases = 1,
        Rendering = 4,
        Rendered = 0,
        WarmModels = [],
        ResidentBytes = 0,
        MemoryBytes = 1,
        JoinedAt = DateTimeOffset.UnixEpoch,
        LastSeenAt = DateTimeOffset.UnixEpoch,
    };

    public static string Json<T>(T value) => JsonSerializer.Serialize(value, FarmJson.Options);

    public static string Event<T>(string type, T data, long? id = null) => $"{(id is null ? "" : $"id: {id}\n")}event: {type}\ndata: {Json(data)}\n\n";
}
