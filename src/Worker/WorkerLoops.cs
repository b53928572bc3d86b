using Microsoft.Extensions.Logging;

namespace RenderFarm.Worker;

/// <summary>Keeps the worker's loops running: one that throws says so, waits and goes on.</summary>
internal sealed partial class WorkerLoops(IEnumerable<IWorkerLoop> loops, WorkerIdentity me, TimeProvider time, ILogger<WorkerLoops> logger) : IDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private Task? _running;

    public bool IsRunning => _running is not null;

    public void Start()
    {
        LogStarting(me.Name, me.Epoch, me.Device, me.Slots, me.MemoryBytes >> 20);
        _running = Task.WhenAll(loops.Select(loop => Task.Run(() => RunAsync(loop))));
    }

    public async Task StopAsync()
    {
        await _stop.CancelAsync();
        await (_running ?? Task.CompletedTask);
        _running = null;
    }

    public void Dispose() => _stop.Dispose();

    private async Task RunAsync(IWorkerLoop loop)
    {
        var backoff = new Backoff(me.Epoch);
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                await loop.RunAsync(_stop.Token);
            }
            catch (Exception) when (_stop.IsCancellationRequested)
            {
                return;
            }
            catch (Exception ex)
            {
                LogFailed(ex, loop.GetType().Name);
                await Task.Delay(backoff.Next(), time, CancellationToken.None);
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Worker {WorkerId} epoch {Epoch} starts on {Device}: {Slots} slots, {MemoryMiB} MiB for pipelines")]
    private partial void LogStarting(string workerId, long epoch, string device, int slots, long memoryMiB);

    [LoggerMessage(Level = LogLevel.Error, Message = "{Loop} failed and goes on")]
    private partial void LogFailed(Exception exception, string loop);
}
