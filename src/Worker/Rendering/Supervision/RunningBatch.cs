using RenderFarm.Diffusion;
using RenderFarm.ServiceDefaults.Disk;
using RenderFarm.Shared.Protocol;

namespace RenderFarm.Worker.Rendering.Supervision;

/// <summary>The batch that a render process has in hand.</summary>
internal sealed class RunningBatch(long id, RenderWork work, RowReports reports, IProgress<StepProgress> steps, Watchdog watchdog)
{
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public long Id { get; } = id;

    public RenderWork Work { get; } = work;

    public RowReports Reports { get; } = reports;

    public Watchdog Watchdog { get; } = watchdog;

    /// <summary>Completes when the slot may go on; rows may still be on their way.</summary>
    public Task Ended => _ended.Task;

    public void Note(SlotStatus status)
    {
        if (status.State is SlotBoard.Loading or SlotBoard.Rendering && !IsFirstStep(status))
        {
            Watchdog.Note(status);
        }

        if (status.Step > 0)
        {
            steps.Report(new StepProgress(status.Step, status.Steps));
        }
    }

    /// <summary>Whether the first step begins. The watchdog measures all that comes before its end as one part.</summary>
    public static bool IsFirstStep(SlotStatus status) => status is { State: SlotBoard.Rendering, Step: 0, Steps: > 0 };

    /// <summary>Removes what a process that died was writing.</summary>
    public void Forget()
    {
        foreach (var row in Reports.Open)
        {
            DurableFile.DeleteUnfinished(Work.Rows[row].File);
        }
    }

    public void End()
    {
        Watchdog.End();
        _ended.TrySetResult();
    }
}
