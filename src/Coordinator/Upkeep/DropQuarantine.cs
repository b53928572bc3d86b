using RenderFarm.Coordinator.Ledger;

namespace RenderFarm.Coordinator.Upkeep;

/// <summary>Fails the quarantined frames that nobody requeued in time, so that their jobs can end.</summary>
internal sealed class DropQuarantine(FrameLedger ledger, LedgerNews news) : IChore
{
    public TimeSpan Every => TimeSpan.FromSeconds(10);

    public async Task<string?> RunOnceAsync(CancellationToken cancellationToken)
    {
        var frames = 0;
        while (await ledger.DropOverdueQuarantineAsync(cancellationToken) is { Count: > 0 } changed)
        {
            news.Tell(changed);
            frames += changed.Sum(job => job.Failed);
        }

        return frames == 0 ? null : $"{frames} frames stayed in quarantine for too long and have failed";
    }
}
