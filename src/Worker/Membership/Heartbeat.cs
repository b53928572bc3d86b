using Microsoft.Extensions.Options;

namespace RenderFarm.Worker.Membership;

/// <summary>Joins the farm, and then says every two seconds that the worker lives; seldom while it has nothing to do, at once when it closes or opens.</summary>
internal sealed class Heartbeat(Arrival arrival, FarmMembership membership, HeartbeatBell bell, IOptions<WorkerOptions> options) : IWorkerLoop
{
    // A thousand idle workers should cost the coordinators next to nothing.
    private const int IdleFactor = 5;

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        await arrival.ReadyAsync(cancellationToken);
        await membership.JoinAsync(cancellationToken);
        while (true)
        {
            var said = membership.Standing;
            await membership.BeatAsync(cancellationToken);
            await bell.WaitAsync(options.Value.HeartbeatEvery * (said.IsIdle ? IdleFactor : 1), () => membership.Standing != said, cancellationToken);
        }
    }
}
