using Microsoft.Extensions.Hosting;

namespace RenderFarm.Worker.Spool;

/// <summary>Makes the spool's folder when the process starts, so that a folder that cannot be used ends it with a line that says so.</summary>
internal sealed class OpenSpool(PictureSpool spool) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken)
    {
        spool.Open();
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
