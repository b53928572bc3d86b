using RenderFarm.Shared.Protocol;

namespace RenderFarm.Worker.Leases;

/// <summary>Frames that go through the UNet together. All rows ask for the same model; rows of several leases may share a batch.</summary>
internal sealed class Batch : IDisposable
{
    private readonly CancellationTokenSource _stop;
    private readonly List<CancellationTokenRegistration> _registrations = [];
    private int _leasesLeft;

    public Batch(IReadOnlyList<BatchRow> rows, CancellationToken stopRendering)
    {
        Rows = rows;
        _stop = CancellationTokenSource.CreateLinkedTokenSource(stopRendering);
        var leases = rows.Select(row => row.Lease).Distinct().ToList();
        _leasesLeft = leases.Count;
        leases.ForEach(lease => _registrations.Add(lease.Revoked.Register(LeaseRevoked)));
    }

    public IReadOnlyList<BatchRow> Rows { get; }

    /// <summary>Fires when nobody wants any row any more, or the worker stops rendering.</summary>
    public CancellationToken Stop => _stop.Token;

    public void Dispose()
    {
        _registrations.ForEach(registration => registration.Dispose());
        _stop.Dispose();
    }

    private void LeaseRevoked()
    {
        if (Interlocked.Decrement(ref _leasesLeft) == 0)
        {
            _stop.Cancel();
        }
    }
}

/// <summary>One frame of a batch.</summary>
internal sealed record BatchRow(HeldLease Lease, LeasedFrame Frame);
