using RenderFarm.Coordinator.Workers;
using RenderFarm.Shared;
using RenderFarm.Shared.Protocol;

namespace RenderFarm.Coordinator.Tests.Workers;

public sealed class BeatEffectTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly SlotStatus Idle = new("idle", null, 0, 0);

    private static WorkerRow Row => new("w", 3, WorkerState.Ready, 10, Now.AddSeconds(-10), ["emoji"], 500, [Idle], 0, false, null);

    private static WorkerHeartbeat Beat => new("w", 3, 11, false, [], ["emoji"], 500, [Idle]);

    public static TheoryData<string, string> Cases => new()
    {
        { "another epoch", nameof(BeatEffect.Unknown) },
        { "late", nameof(BeatEffect.Nothing) },
        { "gone", nameof(BeatEffect.Nothing) },
        { "the same again", nameof(BeatEffect.Heard) },
        { "the same a moment later", nameof(BeatEffect.Nothing) },
        { "more memory", nameof(BeatEffect.Figures) },
        { "more memory a moment later", nameof(BeatEffect.Nothing) },
        { "a next step", nameof(BeatEffect.Figures) },
        { "a slot that begins to render a moment later", nameof(BeatEffect.News) },
        { "another warm model", nameof(BeatEffect.News) },
        { "a drain", nameof(BeatEffect.News) },
        { "a drain that was ordered", nameof(BeatEffect.Heard) },
        { "a store that is away", nameof(BeatEffect.News) },
        { "back after it was lost", nameof(BeatEffect.News) },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_row_is_written_only_when_a_heartbeat_says_something(string what, string effect)
    {
        var soon = Now.AddSeconds(-9);
        var rendering = Row with { SlotStatus = [new SlotStatus("rendering", "emoji", 3, 20)] };
        var (row, beat, now) = what switch
        {
            "another epoch" => (Row, Beat with { Epoch = 4 }, Now),
            "late" => (Row, Beat with { Sequence = 10, IsDraining = true }, Now),
            "gone" => (Row with { State = WorkerState.Gone }, Beat, Now),
            "the same again" => (Row, Beat, Now),
            "the same a moment later" => (Row, Beat, soon),
            "more memory" => (Row, Beat with { ResidentBytes = 900 }, Now),
            "more memory a moment later" => (Row, Beat with { ResidentBytes = 900 }, soon),
            "a next step" => (rendering, Beat with { Slots = [new SlotStatus("rendering", "emoji", 4, 20)] }, Now),
            "a slot that begins to render a moment later" => (Row, Beat with { Slots = [new SlotStatus("rendering", "emoji", 0, 20)] }, soon),
            "another warm model" => (Row, Beat with { WarmModels = ["emoji", "other"] }, soon),
            "a drain" => (Row, Beat with { IsDraining = true }, soon),
            "a drain that was ordered" => (Row with { State = WorkerState.Draining, DrainReason = "New cooler." }, Beat, Now),
            "a store that is away" => (Row, Beat with { StoreIsAway = true }, soon),
            "back after it was lost" => (Row with { State = WorkerState.Lost }, Beat, soon),
            _ => throw new ArgumentException(what),
        };

        Assert.Equal(effect, row.EffectOf(beat, now).ToString());
    }
}
