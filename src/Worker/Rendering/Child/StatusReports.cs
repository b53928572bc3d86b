using RenderFarm.Shared.Protocol;

namespace RenderFarm.Worker.Rendering.Child;

/// <summary>Tells what the slot does; of steps in quick succession, not every one.</summary>
internal sealed class StatusReports(Action<FromProcess> tell, TimeProvider time)
{
    // Small models do hundreds of steps a second.
    private static readonly TimeSpan Least = TimeSpan.FromMilliseconds(50);
    private SlotStatus? _last;
    private long _at;

    public void Tell(int slot, SlotStatus status)
    {
        var isFurther = _last is { Step: > 0 } last && last.State == status.State && status.Step > last.Step && status.Step < status.Steps;
        if (isFurther && time.GetElapsedTime(_at) < Least)
        {
            return;
        }

        (_last, _at) = (status, time.GetTimestamp());
        tell(new StatusChanged(status));
    }
}
