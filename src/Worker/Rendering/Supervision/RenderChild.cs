using System.Diagnostics;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using RenderFarm.Worker.Rendering.Child;

namespace RenderFarm.Worker.Rendering.Supervision;

/// <summary>A running render process: messages to it, messages from it, and how it ends.</summary>
internal sealed partial class RenderChild : IDisposable
{
    private const int ReadBytes = 4096;

    // Between the end of its output and its own; it has nothing to do in it.
    private static readonly TimeSpan LeaveWithin = TimeSpan.FromSeconds(5);

    private readonly Process _process;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly StderrTail _said = new();
    private readonly Channel<ToProcess> _outbox = Channel.CreateUnbounded<ToProcess>(new UnboundedChannelOptions { SingleReader = true });
    private readonly TaskCompletionSource _gone = new();
    private OomKills _kills = new(null, 0);
    private Ending? _ending;

    private RenderChild(Process process, TimeProvider time, ILogger logger) => (_process, _time, _logger) = (process, time, logger);

    public int Id { get; private set; }

    /// <summary>Starts the process.</summary>
    public static async Task<RenderChild> StartAsync(Process process, StarterThread starter, TimeProvider time, ILogger logger)
    {
        await starter.StartAsync(process);
        var child = new RenderChild(process, time, logger) { Id = process.Id };
        child.BeginBatch();
        return child;
    }

    /// <summary>What happens from now on belongs to a new batch.</summary>
    public void BeginBatch()
    {
        _said.Clear();
        _kills = OomKills.Of(Id);
    }

    /// <summary>Sends a message when the process takes it; never waits.</summary>
    public void Send(ToProcess message) => _outbox.Writer.TryWrite(message);

    /// <summary>Has it end in good order.</summary>
    public void Close()
    {
        var closed = new Ending("was closed", IsOrdered: true);
        Interlocked.CompareExchange(ref _ending, closed, null);
        _outbox.Writer.TryComplete();
        _ = KillLaterAsync(closed);
    }

    /// <summary>Ends it at once.</summary>
    public void Kill(Ending ending)
    {
        Interlocked.CompareExchange(ref _ending, ending, null);
        try
        {
            _process.Kill();
        }
        catch (InvalidOperationException)
        {
            // It has ended already.
        }
    }

    /// <summary>Passes on its messages, in order, until it has ended; nothing comes after that.</summary>
    public async Task<ProcessEnd> RunAsync(Action<FromProcess> told)
    {
        var writing = WriteAsync();
        var listening = ListenAsync();
        try
        {
            while (await MessageStream.ReadAsync<FromProcess>(_process.StandardOutput.BaseStream, CancellationToken.None) is { } message)
            {
                told(message);
            }
        }
        catch (Exception ex) when (ex is InvalidDataException or IOException)
        {
            Kill(new Ending($"was killed because its messages could not be read: {ex.Message}", IsOrdered: false));
        }
        catch (Exception ex)
        {
            // The supervisor's own fault.
            Kill(new Ending($"was killed because its messages could not be passed on: {ex.Message}", IsOrdered: true));
        }

        await LeaveAsync();
        _gone.TrySetResult();
        _outbox.Writer.TryComplete();
        await Task.WhenAll(writing, listening);
        return new ProcessEnd(_process.ExitCode, _ending, _kills.HaveRisen, _said.ToString());
    }

    public void Dispose() => _process.Dispose();

    private async Task KillLaterAsync(Ending ending)
    {
        await Task.WhenAny(_gone.Task, Task.Delay(LeaveWithin, _time));
        if (!_gone.Task.IsCompleted)
        {
            Kill(ending);
        }
    }

    private async Task LeaveAsync()
    {
        using var limit = new CancellationTokenSource(LeaveWithin, _time);
        try
        {
            await _process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            Kill(new Ending("was killed because it had closed its output and did not end", IsOrdered: false));
            await _process.WaitForExitAsync();
        }
    }

    private async Task WriteAsync()
    {
        var pipe = _process.StandardInput.BaseStream;
        try
        {
            await foreach (var message in _outbox.Reader.ReadAllAsync())
            {
                await pipe.WriteAsync(MessageStream.Encode(message));
                await pipe.FlushAsync();
            }

            pipe.Close();
        }
        catch (IOException)
        {
            // It is ending; the end of its output tells the rest.
        }
    }

    private async Task ListenAsync()
    {
        var (pipe, bytes) = (_process.StandardError.BaseStream, new byte[ReadBytes]);
        while (await pipe.ReadAsync(bytes) is > 0 and var read)
        {
            _said.Add(bytes.AsSpan(0, read));
            LogSaid(Id, System.Text.Encoding.UTF8.GetString(bytes, 0, read).TrimEnd());
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Render process {ProcessId}: {Text}")]
    private partial void LogSaid(int processId, string text);
}
