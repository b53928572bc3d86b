namespace RenderFarm.Coordinator.Ledger;

/// <summary>Leases that a worker process says it holds, or no longer does.</summary>
internal sealed record HeldLeases(string Worker, long Epoch, IReadOnlyList<Guid> Attempts);

internal sealed partial class FrameLedger
{
    /// <summary>Renews what many workers hold, in one transaction; the answer names the attempts that are gone.</summary>
    public async Task<IReadOnlyList<HeldLeases>> RenewAsync(IReadOnlyList<HeldLeases> held, CancellationToken cancellationToken)
    {
        if (held.Count == 0)
        {
            return [];
        }

        var live = await WriteAsync(db => sql.RenewAsync(db, held, options.LeaseFor, cancellationToken), cancellationToken);
        return [.. held.Select(worker => worker with { Attempts = [.. worker.Attempts.Where(attempt => !live.Contains(attempt))] }).Where(worker => worker.Attempts.Count > 0)];
    }
}
