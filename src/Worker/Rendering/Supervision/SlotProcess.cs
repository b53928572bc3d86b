using Microsoft.Extensions.Logging;
using RenderFarm.Diffusion;
using RenderFarm.Worker.Rendering.Child;

namespace RenderFarm.Worker.Rendering.Supervision;

/// <summary>A slot's render process, over as many of its lives as it takes.</summary>
internal sealed partial class SlotProcess(SlotView view, ProcessSettings settings, TimeProvider time, ILogger logger)
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(250);
    private readonly Lock _lock = new();
    private readonly Dictionary<long, RunningBatch> _open = [];
    private readonly ReadyChild _ready = new();
    private Backoff _backoff = new(view.Slot);
    private RunningBatch? _running;
    private long _batches;
    private bool _isWornOut;

    public IReadOnlyList<string> WarmModels { get; private set; } = [];

    public long ResidentBytes { get; private set; }

    public async Task RenderAsync(RenderWork work, IProgress<StepProgress> steps, IProgress<RowResult> rows, CancellationToken stop)
    {
        var reports = new RowReports(work.Rows.Count, rows);
        try
        {
            var watchdog = new Watchdog(BatchKind.Of(work), work.ModelBytes, view.Times, settings.StepTimeout, time);
            var (child, batch) = await BeginAsync(id => new RunningBatch(id, work, reports, steps, watchdog), stop);
            await WatchAsync(child, batch, stop);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            reports.Fault(reports.Open, RowFault.Stopped);
        }
        catch (RenderProcessException ex)
        {
            reports.Fault(reports.Open, RowFault.OfWorker(ex.Message) with { Evidence = ex.Evidence });
        }
    }

    /// <summary>Has a process run until the token fires, one after the other.</summary>
    public async Task KeepAsync(StarterThread starter, CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            view.Board.Restarts(view.Slot);
            await RunOnceAsync(starter, cancellationToken);
            if (_isWornOut)
            {
                _isWornOut = false;
                continue;
            }

            try
            {
                await Task.Delay(_backoff.Next(), time, cancellationToken);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    private async Task RunOnceAsync(StarterThread starter, CancellationToken cancellationToken)
    {
        try
        {
            using var process = settings.Program.Process();
            using var child = await RenderChild.StartAsync(process, starter, time, logger);
            LogStarted(view.Slot, child.Id);
            child.Send(new Setup(settings.Settings));
            await using var closing = cancellationToken.Register(child.Close);
            Bury(child, await child.RunAsync(message => Told(child, message)));
        }
        catch (System.ComponentModel.Win32Exception ex)
        {
            _ready.Disappoint(new RenderProcessException($"The render process '{settings.Program.FileName}' could not be started: {ex.Message}.", null));
        }
    }

    private async Task<(RenderChild Child, RunningBatch Batch)> BeginAsync(Func<long, RunningBatch> make, CancellationToken stop)
    {
        while (true)
        {
            var ready = _ready.Task;
            var child = await ready.WaitAsync(stop);
            lock (_lock)
            {
                // It may have ended in between.
                if (ready == _ready.Task)
                {
                    child.BeginBatch();
                    _running = make(++_batches);
                    _open[_running.Id] = _running;
                    child.Send(new RenderBatch(_running.Id, _running.Work));
                    return (child, _running);
                }
            }
        }
    }

    private async Task WatchAsync(RenderChild child, RunningBatch batch, CancellationToken stop)
    {
        await using var stopping = stop.Register(() => child.Send(new StopBatch(batch.Id)));
        long? stopped = null;
        while (true)
        {
            await Task.WhenAny(batch.Ended, Task.Delay(LookEvery, time, CancellationToken.None));
            if (batch.Ended.IsCompleted)
            {
                // A process that rests is not killed.
                return;
            }

            if (stop.IsCancellationRequested && time.GetElapsedTime(stopped ??= time.GetTimestamp()) > batch.Watchdog.StopWithin())
            {
                child.Kill(new Ending("was killed because it did not stop", IsOrdered: true));
            }
            else if (batch.Watchdog.Overdue() is { } overdue)
            {
                child.Kill(new Ending($"hung and was killed: it {overdue}", IsOrdered: false));
            }
        }
    }

    private void Told(RenderChild child, FromProcess message)
    {
        switch (message)
        {
            case Ready:
                view.Board.Rests(view.Slot);
                _ready.Set(child);
                break;
            case StatusChanged { Status: var status }:
                view.Board.Note(view.Slot, status);
                _running?.Note(status);
                if (RunningBatch.IsFirstStep(status) && _running is { } begun)
                {
                    LogBegun(view.Slot, begun.Work.Offers[0].JobId, begun.Work.Rows.Count, status.Steps);
                }

                break;
            case PipelineLoaded loaded:
                WorkerMetrics.Loaded(loaded.Model, loaded.Duration);
                LogLoaded(view.Slot, loaded.Model, loaded.Duration);
                break;
            case PipelinesHeld held:
                (WarmModels, ResidentBytes) = (held.WarmModels, held.ResidentBytes);
                break;
            case RowReported row:
                Report(row.Batch, row.Result);
                break;
            case BatchEnded:
                End(child);
                break;
        }
    }

    private void Report(long batch, RowResult result)
    {
        RowReports? reports;
        lock (_lock)
        {
            reports = _open.GetValueOrDefault(batch)?.Reports;
        }

        // What an exhausted device has left is in pieces: a new process starts with all of it.
        _isWornOut |= result.Fault is { ErrorClass: Shared.ErrorClass.OutOfMemory };
        reports?.Report(result);
        if (reports is { IsDone: true })
        {
            lock (_lock)
            {
                _open.Remove(batch);
            }
        }
    }

    private void End(RenderChild child)
    {
        RunningBatch? ended;
        lock (_lock)
        {
            (ended, _running) = (_running, null);
            _backoff = new Backoff(view.Slot);
            if (_isWornOut)
            {
                _ready.Renew();
                child.Close();
            }
        }

        ended?.End();
    }

    /// <summary>The process has ended: the batch in its hands gets the blame, pictures that were being written are rendered again.</summary>
    private void Bury(RenderChild child, ProcessEnd end)
    {
        // First of all, so that no batch is begun on a process that is gone.
        if (end.Ending is { IsOrdered: true })
        {
            // Its end is no fault: who waits goes on waiting for the next process.
            _ready.Renew();
        }
        else
        {
            _ready.Disappoint(new RenderProcessException($"The render process {end.Words} before it took work.", end.Evidence));
        }

        RunningBatch? running;
        List<RunningBatch> open;
        lock (_lock)
        {
            (running, _running) = (_running, null);
            open = [.. _open.Values];
            _open.Clear();
        }

        (WarmModels, ResidentBytes) = ([], 0);
        if (end.Ending is { IsOrdered: true })
        {
            LogEnded(view.Slot, child.Id, end.Words);
        }
        else
        {
            LogDied(view.Slot, child.Id, end.Words, running?.Work.Model ?? "nothing");
        }

        foreach (var batch in open)
        {
            batch.Forget();
            batch.Reports.Fault(batch.Reports.Open, batch == running ? end.FaultOf(batch.Work.Model) : RowFault.Stopped);
        }

        running?.End();
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Slot {Slot} has the render process {ProcessId}")]
    private partial void LogStarted(int slot, int processId);

    [LoggerMessage(Level = LogLevel.Information, Message = "Slot {Slot} loaded the pipeline of {Model} in {Duration}")]
    private partial void LogLoaded(int slot, string model, TimeSpan duration);

    [LoggerMessage(Level = LogLevel.Debug, Message = "Slot {Slot} begins a batch of job {JobId}: {Frames} frames, {Steps} steps")]
    private partial void LogBegun(int slot, Guid jobId, int frames, int steps);

    [LoggerMessage(Level = LogLevel.Information, Message = "The render process {ProcessId} of slot {Slot} {Words}")]
    private partial void LogEnded(int slot, int processId, string words);

    [LoggerMessage(Level = LogLevel.Error, Message = "The render process {ProcessId} of slot {Slot} {Words}; it was rendering with {Model}")]
    private partial void LogDied(int slot, int processId, string words, string model);
}
