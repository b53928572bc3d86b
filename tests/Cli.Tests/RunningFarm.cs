using RenderFarm.Cli.Hosting;
using RenderFarm.Cli.Tests;
using RenderFarm.Client;
using RenderFarm.TestKit;
using RenderFarm.TestKit.Farms;

[assembly: AssemblyFixture(typeof(RunningFarm))]

namespace RenderFarm.Cli.Tests;

/// <summary><c>renderfarm up</c> on a data folder of its own, with the bundled model.</summary>
public sealed class RunningFarm : IAsyncLifetime
{
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(3);
    private readonly TemporaryFolder _folder = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly CommandLine _up = new();
    private Task<int> _run = Task.FromResult(0);

    /// <summary>Arguments that point a command to this farm.</summary>
    public string[] Here => ["--data", _folder.Path];

    public string Data => _folder.Path;

    public Uri Address { get; private set; } = null!;

    public string Key { get; private set; } = "";

    public RenderFarmClient Client { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        _run = _up.StartAsync(["up", "--port", "0", .. Here], "", _stop.Token);
        var (address, key) = (await Eventually.IsAsync(() => Task.FromResult(DataFolder.RunningFarm(_folder.Path)), farm => farm is not null || _run.IsCompleted, Deadline, () => _up.Error, CancellationToken.None))
            ?? throw new InvalidOperationException($"The farm did not start: {_up.Error}");
        (Address, Key) = (address, key);
        Client = new RenderFarmClient(address, key);
        await Eventually.IsAsync(() => Client.WorkersAsync(), workers => workers.Count > 0, Deadline, () => _up.Error, CancellationToken.None);
        Assert.Contains($"Dashboard  {address}login?key={key}", _up.Out, StringComparison.Ordinal);
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _stop.CancelAsync();
        Assert.Equal(ExitCodes.Done, await _run);
        Assert.Null(DataFolder.RunningFarm(_folder.Path));
        _stop.Dispose();
        _folder.Dispose();
    }
}
