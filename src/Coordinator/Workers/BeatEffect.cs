using RenderFarm.Shared;
using RenderFarm.Shared.Protocol;

namespace RenderFarm.Coordinator.Workers;

/// <summary>What a heartbeat changes in its worker's row.</summary>
internal enum BeatEffect
{
    /// <summary>The coordinators do not know this process.</summary>
    Unknown,

    /// <summary>Nothing: it is late, or the same was heard a moment ago.</summary>
    Nothing,

    /// <summary>That it was heard.</summary>
    Heard,

    /// <summary>Figures that go up and down all the time.</summary>
    Figures,

    /// <summary>Something that others want to know of.</summary>
    News,
}

/// <summary>What the row of a worker says that heartbeats change.</summary>
internal sealed record WorkerRow(
    string Name, long Epoch, WorkerState State, long HeartbeatSequence, DateTimeOffset LastSeenAt, IReadOnlyList<string> WarmModels, long ResidentBytes,
    IReadOnlyList<SlotStatus> SlotStatus, long SpoolBytes, bool StoreIsAway, string? DrainReason)
{
    // A busy worker beats every two seconds; its row need not be written as often.
    private static readonly TimeSpan WriteEvery = TimeSpan.FromSeconds(4);

    /// <summary>Decides by the row alone.</summary>
    public BeatEffect EffectOf(WorkerHeartbeat beat, DateTimeOffset now)
    {
        if (Epoch != beat.Epoch)
        {
            return BeatEffect.Unknown;
        }

        if (State == WorkerState.Gone || beat.Sequence <= HeartbeatSequence)
        {
            return BeatEffect.Nothing;
        }

        if (State != StateOf(beat, DrainReason) || StoreIsAway != beat.StoreIsAway || !WarmModels.SequenceEqual(beat.WarmModels) || !Doing(SlotStatus).SequenceEqual(Doing(SlotsOf(beat))))
        {
            return BeatEffect.News;
        }

        if (now - LastSeenAt < WriteEvery)
        {
            return BeatEffect.Nothing;
        }

        return ResidentBytes == beat.ResidentBytes && SpoolBytes == beat.SpoolBytes && SlotStatus.SequenceEqual(SlotsOf(beat)) ? BeatEffect.Heard : BeatEffect.Figures;
    }

    /// <summary>A worker that is to drain does, even before it knows.</summary>
    public static WorkerState StateOf(WorkerHeartbeat beat, string? drainReason) => beat.IsDraining || drainReason is not null ? WorkerState.Draining : WorkerState.Ready;

    public static IReadOnlyList<SlotStatus> SlotsOf(WorkerHeartbeat beat) => beat.Slots ?? [];

    // Steps are told by the feed.
    private static IEnumerable<(string State, string? Model)> Doing(IReadOnlyList<SlotStatus> slots) => slots.Select(slot => (slot.State, slot.Model));
}
