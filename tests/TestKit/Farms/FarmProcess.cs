using System.Diagnostics;
using System.Text;
using RenderFarm.TestKit.Faults;

namespace RenderFarm.TestKit.Farms;

/// <summary>One process of the real program, with its output kept.</summary>
public sealed class FarmProcess : IAsyncDisposable
{
    private readonly Process _process;
    private readonly StringBuilder _output = new();
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private FarmProcess(ProcessStartInfo start)
    {
        _process = new Process { StartInfo = start, EnableRaisingEvents = true };
        _process.OutputDataReceived += (_, line) => Keep(line.Data);
        _process.ErrorDataReceived += (_, line) => Keep(line.Data);
        _process.Exited += (_, _) => _ended.TrySetResult();
    }

    /// <summary>Told of each line, as soon as it is printed.</summary>
    public event Action<string>? Said;

    /// <summary>Everything it printed so far, both streams.</summary>
    public string Output
    {
        get
        {
            lock (_output)
            {
                return _output.ToString();
            }
        }
    }

    /// <summary>Its process id.</summary>
    public int Id => _process.Id;

    public bool HasExited => _process.HasExited;

    public int ExitCode => _process.ExitCode;

    /// <summary>The program of the build that the tests are of.</summary>
    public static string Renderfarm { get; } = Path.Combine(Repository.Root, "artifacts", "bin", "Cli", Repository.Configuration, "renderfarm");

    /// <summary>Starts <c>renderfarm</c> with these arguments; settings are environment variables beside an otherwise clean environment.</summary>
    public static FarmProcess Start(string folder, IReadOnlyDictionary<string, string> settings, params string[] arguments) => Start(Renderfarm, folder, settings, arguments);

    /// <summary>The same, of another program.</summary>
    public static FarmProcess Start(string program, string folder, IReadOnlyDictionary<string, string> settings, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
            WorkingDirectory = folder,
        };
        foreach (var name in start.Environment.Keys.Where(x => x.StartsWith("RENDERFARM", StringComparison.Ordinal)).ToList())
        {
            start.Environment.Remove(name);
        }

        foreach (var (name, value) in settings)
        {
            start.Environment[name] = value;
        }

        var process = new FarmProcess(start);
        process._process.Start();
        process._process.StandardInput.Close();
        process._process.BeginOutputReadLine();
        process._process.BeginErrorReadLine();
        return process;
    }

    /// <summary>SIGKILL: it has no chance to do anything more.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await _ended.Task;
    }

    /// <summary>SIGTERM.</summary>
    public void Terminate() => Signal(ProcessSignal.Terminate);

    /// <summary>Any signal; it must be running.</summary>
    public void Signal(ProcessSignal signal)
    {
        if (!RunningProcess.Signal(Id, signal))
        {
            throw new InvalidOperationException($"'renderfarm {string.Join(' ', _process.StartInfo.ArgumentList)}' has ended. It printed:\n{Output}");
        }
    }

    /// <summary>Waits for its end; the answer is its exit code.</summary>
    public async Task<int> ExitAsync(TimeSpan within, CancellationToken cancellationToken)
    {
        try
        {
            await _ended.Task.WaitAsync(within, cancellationToken);
        }
        catch (TimeoutException)
        {
            throw new TimeoutException($"'renderfarm {string.Join(' ', _process.StartInfo.ArgumentList)}' did not end within {within}. It printed:\n{Output}");
        }

        // Also waits for the end of both output streams.
        await _process.WaitForExitAsync(cancellationToken);
        return _process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            await KillAsync();
        }

        _process.Dispose();
    }

    private void Keep(string? line)
    {
        if (line is not null)
        {
            lock (_output)
            {
                _output.AppendLine(line);
            }

            Said?.Invoke(line);
        }
    }
}
