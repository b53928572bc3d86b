using RenderFarm.Client;
using RenderFarm.Shared;
using RenderFarm.Shared.Api;
using Spectre.Console;

namespace RenderFarm.Cli.Output;

/// <summary>Follows a job to its end with a bar, or with a line now and then where nobody looks, and hands on each frame as it settles.</summary>
internal sealed class JobProgress(RenderFarmClient farm, Terminal terminal, TimeProvider time)
{
    private static readonly TimeSpan LineEvery = TimeSpan.FromSeconds(5);
    private readonly Dictionary<string, StepView> _steps = [];

    public Task<JobView> FollowAsync(JobView job, Func<FrameView, Task> onSettled, CancellationToken cancellationToken) =>
        terminal.HasBars ? BarAsync(job, onSettled, cancellationToken) : LinesAsync(job, onSettled, cancellationToken);

    private Task<JobView> BarAsync(JobView job, Func<FrameView, Task> onSettled, CancellationToken cancellationToken) =>
        terminal.Error.Progress().AutoClear(false).HideCompleted(false)
            .Columns(new ProgressBarColumn(), new PercentageColumn(), new TaskDescriptionColumn { Alignment = Justify.Left })
            .StartAsync(async progress =>
            {
                var bar = progress.AddTask("waiting", maxValue: job.FrameCount);
                return await FollowAsync(
                    job,
                    onSettled,
                    (now, settled, _) =>
                    {
                        bar.Description = now.State == JobState.Queued ? "waiting for a worker" : Words.Progress(now with { Rendered = Math.Max(now.Rendered, settled) });
                        bar.Value = Math.Max(bar.Value, Math.Min(now.FrameCount, settled + Underway()));
                    },
                    cancellationToken);
            });

    private Task<JobView> LinesAsync(JobView job, Func<FrameView, Task> onSettled, CancellationToken cancellationToken)
    {
        var last = time.GetTimestamp();
        return FollowAsync(
            job,
            onSettled,
            (now, _, isNews) =>
            {
                if (time.GetElapsedTime(last) >= LineEvery || (isNews && now.State.IsTerminal()))
                {
                    last = time.GetTimestamp();
                    terminal.Note(Words.Progress(now));
                }
            },
            cancellationToken);
    }

    private async Task<JobView> FollowAsync(JobView job, Func<FrameView, Task> onSettled, Action<JobView, long, bool> show, CancellationToken cancellationToken)
    {
        var settled = 0L;
        await foreach (var change in farm.WatchAsync(job.Id, cancellationToken))
        {
            switch (change)
            {
                case JobEvent.JobChanged(var now):
                    job = now;
                    settled = Math.Max(settled, now.Rendered + now.Failed);
                    break;
                case JobEvent.FrameSettled({ State: FrameState.Quarantined } frame):
                    terminal.Note($"Image {frame.Index} is in quarantine: {frame.Error} 'renderfarm quarantine list {job.Id}' shows the evidence; it fails after a while unless it is requeued.");
                    break;
                case JobEvent.FrameSettled(var frame):
                    settled++;
                    await onSettled(frame);
                    break;
                case JobEvent.StepDone(var step):
                    _steps[step.Worker] = step;
                    break;
            }

            show(job, settled, change is JobEvent.JobChanged);
        }

        return job;
    }

    /// <summary>Frames' worth of steps that the batches now rendering have done.</summary>
    private double Underway() => _steps.Values.Where(step => step.Step < step.Steps).Sum(step => (double)step.Frames.Count * step.Step / step.Steps);
}
