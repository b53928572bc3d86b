using RenderFarm.Diffusion;
using RenderFarm.Shared.Protocol;

namespace RenderFarm.Worker.Rendering;

/// <summary>What each slot is doing at the moment, as heartbeats tell it.</summary>
internal sealed class SlotBoard(int slots)
{
    private static readonly SlotStatus Idle = new("idle", null, 0, 0);
    private static readonly SlotStatus Restarting = new("restarting", null, 0, 0);
    private readonly SlotStatus[] _slots = [.. Enumerable.Repeat(Idle, slots)];

    public IReadOnlyList<SlotStatus> Slots => [.. _slots];

    public void Rests(int slot) => Note(slot, Idle);

    public void Restarts(int slot) => Note(slot, Restarting);

    public void Loads(int slot, string model) => Note(slot, new SlotStatus("loading", model, 0, 0));

    public void Renders(int slot, string model, StepProgress step) => Note(slot, new SlotStatus("rendering", model, step.Step, step.Steps));

    private void Note(int slot, SlotStatus status) => Volatile.Write(ref _slots[slot], status);
}
