using RenderFarm.Diffusion;
using RenderFarm.Shared.Protocol;

namespace RenderFarm.Worker.Rendering;

/// <summary>What each slot is doing at the moment, as heartbeats tell it.</summary>
/// <param name="slots">How many there are.</param>
/// <param name="changed">Told of each change; a slot's changes come one after the other.</param>
internal sealed class SlotBoard(int slots, Action<int, SlotStatus>? changed = null)
{
    public const string Loading = "loading";
    public const string Rendering = "rendering";
    private static readonly SlotStatus Idle = new("idle", null, 0, 0);
    private static readonly SlotStatus Restarting = new("restarting", null, 0, 0);
    private readonly SlotStatus[] _slots = [.. Enumerable.Repeat(Idle, slots)];

    public IReadOnlyList<SlotStatus> Slots => [.. _slots];

    public void Rests(int slot) => Note(slot, Idle);

    public void Restarts(int slot) => Note(slot, Restarting);

    public void Loads(int slot, string model) => Note(slot, new SlotStatus(Loading, model, 0, 0));

    public void Renders(int slot, string model, StepProgress step) => Note(slot, new SlotStatus(Rendering, model, step.Step, step.Steps));

    public void Note(int slot, SlotStatus status)
    {
        Volatile.Write(ref _slots[slot], status);
        changed?.Invoke(slot, status);
    }
}
