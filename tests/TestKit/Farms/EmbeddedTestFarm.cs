using RenderFarm.Client;
using RenderFarm.Shared;

namespace RenderFarm.TestKit.Farms;

/// <summary><c>renderfarm up</c> on a data folder of its own.</summary>
public sealed class EmbeddedTestFarm : TestFarm
{
    private readonly TemporaryFolder _data = new();
    private readonly int _port = FreePort.Take();
    private FarmProcess? _process;
    private RenderFarmClient? _client;

    private EmbeddedTestFarm()
    {
    }

    public override RenderFarmClient Client => _client!;

    public override Uri Address => new($"http://127.0.0.1:{_port}/");

    public override string Key => File.ReadAllText(Path.Combine(Data, "key")).Trim();

    public override string Log => string.Concat(Processes.Select((x, i) => LogOf($"up {i}", x)));

    public string Data => _data.Path;

    public static async Task<EmbeddedTestFarm> StartAsync(CancellationToken cancellationToken)
    {
        var farm = new EmbeddedTestFarm();
        await farm.RestartAsync(cancellationToken);
        return farm;
    }

    /// <summary>SIGKILL and a new process on the same folder.</summary>
    public async Task RestartAsync(CancellationToken cancellationToken)
    {
        if (_process is not null)
        {
            await _process.KillAsync();
        }

        _process = StartProgram("up", "--port", $"{_port}", "--verbose");
        Processes.Add(_process);
        await ReadyAsync(Address, _process, cancellationToken);
        _client?.Dispose();
        _client = new RenderFarmClient(Address, Key);
        await Eventually.IsAsync(
            () => _client.WorkersAsync(cancellationToken),
            workers => workers.Any(x => x.State == WorkerState.Ready), StartsWithin, () => Log, cancellationToken);
    }

    /// <summary>Ends the process with SIGTERM; the answer is its exit code.</summary>
    public Task<int> StopAsync(CancellationToken cancellationToken)
    {
        _process!.Terminate();
        return _process.ExitAsync(StartsWithin, cancellationToken);
    }

    public override Task CrashWorkerAsync(CancellationToken cancellationToken) => RestartAsync(cancellationToken);

    public override Task CrashCoordinatorAsync(CancellationToken cancellationToken) => RestartAsync(cancellationToken);

    public override FarmProcess StartProgram(params string[] arguments) =>
        FarmProcess.Start(Data, new Dictionary<string, string> { ["RENDERFARM_DATA"] = Data }, arguments);

    public override async ValueTask DisposeAsync()
    {
        _client?.Dispose();
        await base.DisposeAsync();
        _data.Dispose();
    }
}
