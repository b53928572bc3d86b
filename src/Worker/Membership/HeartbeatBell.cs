using System.Threading.Channels;
using RenderFarm.Worker.Models;

namespace RenderFarm.Worker.Membership;

/// <summary>Rung when something changed that the coordinators may have to hear of before the next heartbeat is due.</summary>
internal sealed class HeartbeatBell
{
    private readonly Channel<bool> _rung = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private readonly TimeProvider _time;

    public HeartbeatBell(ModelCatalog catalog, TimeProvider time)
    {
        _time = time;
        catalog.Changed += Ring;
    }

    public void Ring() => _rung.Writer.TryWrite(true);

    /// <summary>Waits for the time to be over, or for a ring after which <paramref name="isNews"/> holds.</summary>
    public async Task WaitAsync(TimeSpan most, Func<bool> isNews, CancellationToken cancellationToken)
    {
        using var timeout = new CancellationTokenSource(most, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        try
        {
            do
            {
                await _rung.Reader.ReadAsync(either.Token);
            }
            while (!isNews());
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // Nothing was rung that matters.
        }
    }
}
