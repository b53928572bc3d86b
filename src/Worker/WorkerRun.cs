using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using RenderFarm.Worker.Membership;

namespace RenderFarm.Worker;

/// <summary>The worker in its host: its loops run once the bus is up, and it drains before anything else of the host stops.</summary>
internal sealed class WorkerRun(WorkerLoops loops, Drain drain, IOptions<WorkerOptions> options, TimeProvider time) : IHostedLifecycleService
{
    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken)
    {
        loops.Start();
        return Task.CompletedTask;
    }

    // Here, not in StopAsync: the bus, which the host stops first, is still needed.
    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        if (loops.IsRunning)
        {
            await drain.RunAsync(options.Value.DrainTimeout, time, cancellationToken);
            await loops.StopAsync();
        }
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
