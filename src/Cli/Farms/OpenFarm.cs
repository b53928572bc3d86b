using System.CommandLine;
using Microsoft.Extensions.Logging;
using RenderFarm.Cli.Hosting;
using RenderFarm.Cli.Models;
using RenderFarm.Cli.Output;
using RenderFarm.Client;
using RenderFarm.Shared;

namespace RenderFarm.Cli.Farms;

/// <summary>The farm that a command talks to: the configured one, the one that runs on the data folder, or one of its own that ends with it.</summary>
internal sealed class OpenFarm : IAsyncDisposable
{
    private static readonly TimeSpan WorkerPatience = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);
    private readonly EmbeddedFarm? _own;

    private OpenFarm(Uri address, string key, EmbeddedFarm? own)
    {
        Address = address;
        Client = new RenderFarmClient(address, key);
        _own = own;
    }

    public Uri Address { get; }

    public RenderFarmClient Client { get; }

    /// <summary>A farm that is there.</summary>
    public static OpenFarm Existing(FarmOptions options, ParseResult line)
    {
        var folder = options.DataFolder(line);
        var (address, key) = options.Configured(line) ?? DataFolder.RunningFarm(folder)
            ?? throw new UserError($"There is no farm to talk to: start one with 'renderfarm up', or name one with --url and --key (RENDERFARM_URL, RENDERFARM_KEY). None runs on {folder}.");
        return new OpenFarm(address, key, null);
    }

    /// <summary>A farm that is there, or one started in this process.</summary>
    public static async Task<OpenFarm> ExistingOrOwnAsync(FarmOptions options, ParseResult line, LogLevel minimumLevel, Terminal terminal, CancellationToken cancellationToken)
    {
        var folder = options.DataFolder(line);
        if ((options.Configured(line) ?? DataFolder.RunningFarm(folder)) is var (address, key))
        {
            return new OpenFarm(address, key, null);
        }

        terminal.Note($"Starting a farm in this process, with its data in {folder}.");
        var startedAt = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();
        var own = await EmbeddedFarm.StartAsync(folder, LocalModels.Prepare(folder), 0, [], minimumLevel, cancellationToken);
        var farm = new OpenFarm(own.Address, own.Key, own);
        try
        {
            await farm.WaitForWorkerAsync(startedAt, cancellationToken);
            return farm;
        }
        catch
        {
            await farm.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        if (_own is not null)
        {
            await _own.DisposeAsync();
        }
    }

    /// <summary>The worker reads and checks its models first. One of an earlier run may still be on the list; its epoch is lower.</summary>
    private async Task WaitForWorkerAsync(long startedAt, CancellationToken cancellationToken)
    {
        var start = TimeProvider.System.GetTimestamp();
        while (TimeProvider.System.GetElapsedTime(start) < WorkerPatience)
        {
            if ((await Client.WorkersAsync(cancellationToken)).Any(worker => worker.State == WorkerState.Ready && worker.Epoch >= startedAt))
            {
                return;
            }

            await Task.Delay(Pause, TimeProvider.System, cancellationToken);
        }

        throw new UserError($"The worker of this process did not get ready within {WorkerPatience.TotalSeconds:0} s; run again with --verbose to see why.");
    }
}
