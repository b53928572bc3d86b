using Microsoft.Extensions.Options;
using RenderFarm.Worker.Models;

namespace RenderFarm.Worker.Membership;

/// <summary>Looks at the models, joins the farm, and then says every two seconds that the worker lives.</summary>
internal sealed class Heartbeat(FarmMembership membership, ModelCatalog catalog, IOptions<WorkerOptions> options, TimeProvider time) : IWorkerLoop
{
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        await Task.Run(() => catalog.Scan(cancellationToken), cancellationToken);
        await membership.JoinAsync(cancellationToken);
        using var timer = new PeriodicTimer(options.Value.HeartbeatEvery, time);
        do
        {
            await membership.BeatAsync(cancellationToken);
        }
        while (await timer.WaitForNextTickAsync(cancellationToken));
    }
}
