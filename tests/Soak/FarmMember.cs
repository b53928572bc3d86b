using RenderFarm.TestKit.Farms;
using RenderFarm.TestKit.Faults;

namespace RenderFarm.Soak;

/// <summary>A process of the farm that may be killed and started again under the same name.</summary>
internal sealed class FarmMember(string name, Func<FarmProcess> start, string logs) : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);
    private FarmProcess? _process;
    private int _starts;

    public string Name => name;

    /// <summary>It ended although nobody ended it.</summary>
    public bool HasFallen => _process is { HasExited: true };

    /// <summary>It was ended and not started again.</summary>
    public bool IsDown => _process is null;

    public void Start()
    {
        _process = start();
        _starts++;
    }

    public void Signal(ProcessSignal signal)
    {
        // One that has fallen meanwhile is started again by its watch.
        if (_process is { HasExited: false })
        {
            RunningProcess.Signal(_process.Id, signal);
        }
    }

    /// <summary>SIGKILL, and its end.</summary>
    public async Task KillAsync()
    {
        if (_process is { } process)
        {
            if (!process.HasExited)
            {
                await process.KillAsync();
            }

            await ForgetAsync();
        }
    }

    /// <summary>SIGTERM, and its end; SIGKILL when that takes too long.</summary>
    public async Task<bool> StopAsync(CancellationToken cancellationToken)
    {
        Signal(ProcessSignal.Terminate);
        var inTime = true;
        try
        {
            await _process!.ExitAsync(Patience, cancellationToken);
        }
        catch (Exception ex) when (ex is TimeoutException or OperationCanceledException)
        {
            inTime = ex is OperationCanceledException;
        }

        await KillAsync();
        return inTime;
    }

    /// <summary>Keeps what it printed; the answer is the end of that.</summary>
    public async Task<string> ForgetAsync()
    {
        var output = _process?.Output ?? "";
        if (_process is not null)
        {
            await File.WriteAllTextAsync(Path.Combine(logs, $"{name}.{_starts}.log"), output);
            await _process.DisposeAsync();
            _process = null;
        }

        return output.Length > 1000 ? output[^1000..] : output;
    }

    public async ValueTask DisposeAsync() => await KillAsync();
}
