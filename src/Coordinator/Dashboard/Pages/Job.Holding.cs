using Microsoft.AspNetCore.Components;
using RenderFarm.Coordinator.Jobs;
using RenderFarm.Shared.Api;

namespace RenderFarm.Coordinator.Dashboard.Pages;

/// <content>What holds a job up: its owner's pause, and frames in quarantine.</content>
public sealed partial class Job
{
    private const int QuarantineLines = 20;

    private QuarantineView? _quarantine;

    [Inject]
    private PauseJob Pausing { get; set; } = null!;

    [Inject]
    private QuarantineQueries Quarantine { get; set; } = null!;

    [Inject]
    private SettleQuarantine Settling { get; set; } = null!;

    private async Task<QuarantineView?> QuarantineOfAsync(JobView job, CancellationToken cancellationToken) =>
        job.Quarantined > 0 ? await Quarantine.ReadAsync(Id, null, QuarantineLines, cancellationToken) : null;

    private async Task PauseAsync()
    {
        await Pausing.PauseAsync(Id, CancellationToken.None);
        await _live!.RefreshNowAsync();
    }

    private async Task ResumeAsync()
    {
        await Pausing.ResumeAsync(Id, CancellationToken.None);
        await _live!.RefreshNowAsync();
    }

    private async Task RequeueAsync(IReadOnlyList<long>? frames)
    {
        await Settling.RequeueAsync(Id, frames, CancellationToken.None);
        await _live!.RefreshNowAsync();
    }

    private async Task DropAsync(IReadOnlyList<long>? frames)
    {
        await Settling.DropAsync(Id, frames, CancellationToken.None);
        await _live!.RefreshNowAsync();
    }
}
