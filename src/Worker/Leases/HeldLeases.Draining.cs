namespace RenderFarm.Worker.Leases;

/// <content>How the worker gets rid of its leases when it stops.</content>
internal sealed partial class HeldLeases
{
    /// <summary>Takes no more and hands back what no batch has yet. The task ends when nothing is held any more.</summary>
    public Task DrainAsync()
    {
        lock (_lock)
        {
            IsDraining = true;
            foreach (var lease in _held.Where(lease => lease.Waiting.Count > 0).ToList())
            {
                GiveUp(lease, [], Released);
            }

            SignalIfEmpty();
            return _empty.Task;
        }
    }

    /// <summary>Ends the batches that are being rendered at their next step.</summary>
    public void StopRendering() => _stopRendering.Cancel();

    /// <summary>Hands back all leases as they are.</summary>
    public void Abandon()
    {
        List<HeldLease> left;
        lock (_lock)
        {
            left = [.. _held];
            foreach (var lease in left)
            {
                Leave(lease);
                Report(lease.Offer, lease.Ending ?? Released, lease.Failed, lease.Ending?.ErrorClass is null ? null : lease.Struck);
            }
        }

        left.ForEach(lease => lease.Revoke());
    }
}
