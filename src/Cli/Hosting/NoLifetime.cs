using Microsoft.Extensions.Hosting;

namespace RenderFarm.Cli.Hosting;

/// <summary>Leaves Ctrl+C and SIGTERM to the command that started the host.</summary>
internal sealed class NoLifetime : IHostLifetime
{
    public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
