using System.Diagnostics;
using System.Runtime.InteropServices;
using Microsoft.Extensions.Logging.Abstractions;
using RenderFarm.Diffusion;
using RenderFarm.Worker.Pipelines;

namespace RenderFarm.Worker.Rendering.Child;

/// <summary>A render process: takes batches on standard input and tells what becomes of them on standard output, until its input ends. Whatever it says besides goes to standard error.</summary>
public sealed class RenderProcess
{
    private static readonly TimeSpan StopWithin = TimeSpan.FromSeconds(2);
    private readonly Lock _lock = new();
    private readonly Stream _input;
    private readonly Stream _output;
    private readonly TimeProvider _time;

    internal RenderProcess(Stream input, Stream output, TimeProvider time) => (_input, _output, _time) = (input, output, time);

    /// <summary>Serves this process's supervisor; the answer is the exit code.</summary>
    public static async Task<int> RunAsync()
    {
        // Ctrl+C and a service's stop reach the whole group: the supervisor drains first and then closes this process's input.
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, signal => signal.Cancel = true);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, signal => signal.Cancel = true);
        OwnProcess.EndWithParent();
        OwnProcess.GoFirstWhenMemoryRunsOut();
        await using var input = Console.OpenStandardInput();
        await using var output = OwnProcess.TakeOutput();
        if (!await new RenderProcess(input, output, TimeProvider.System).ServeAsync())
        {
            // A network that does not stop keeps the process from ending in good order.
            Process.GetCurrentProcess().Kill();
        }

        return 0;
    }

    /// <summary>Serves until the input ends; false when a batch could not be stopped then.</summary>
    internal async Task<bool> ServeAsync()
    {
        if (await ReadAsync() is not Setup { Settings: var settings })
        {
            return true;
        }

        using var pipelines = new WarmPipelines(settings, NullLogger<WarmPipelines>.Instance);
        pipelines.HasLoaded += (model, duration) =>
        {
            Tell(new PipelineLoaded(model, duration));
            Tell(new PipelinesHeld(pipelines.WarmModels, pipelines.ResidentBytes));
        };
        var renderer = new PipelineRenderer(pipelines, settings, _time, new SlotBoard(settings.Slots, new StatusReports(Tell, _time).Tell));
        Tell(new Ready());
        CancellationTokenSource? stop = null;
        var (running, current) = (Task.CompletedTask, 0L);
        while (await ReadAsync() is { } message)
        {
            switch (message)
            {
                case RenderBatch next:
                    await running;
                    stop?.Dispose();
                    stop = new CancellationTokenSource();
                    (running, current) = (RenderAsync(next, renderer, stop.Token), next.Batch);
                    break;
                case StopBatch { Batch: var batch } when batch == current && stop is not null:
                    await stop.CancelAsync();
                    break;
            }
        }

        stop?.Cancel();
        return await EndsAsync(Task.WhenAll(running, renderer.WrittenAsync()));
    }

    private async Task RenderAsync(RenderBatch next, PipelineRenderer renderer, CancellationToken stop)
    {
        await renderer.RenderAsync(slot: 0, next.Work, new NobodyAsks(), new Rows(this, next.Batch), stop);
        Tell(new PipelinesHeld(renderer.WarmModels, renderer.ResidentBytes));
        Tell(new BatchEnded(next.Batch));
    }

    private async Task<bool> EndsAsync(Task work)
    {
        try
        {
            await work.WaitAsync(StopWithin, _time);
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }

    private Task<ToProcess?> ReadAsync() => MessageStream.ReadAsync<ToProcess>(_input, CancellationToken.None);

    private void Tell(FromProcess message)
    {
        var bytes = MessageStream.Encode(message);
        lock (_lock)
        {
            try
            {
                _output.Write(bytes.Span);
                _output.Flush();
            }
            catch (IOException)
            {
                // The supervisor is gone, and so will be the input.
            }
        }
    }

    private sealed class Rows(RenderProcess process, long batch) : IProgress<RowResult>
    {
        public void Report(RowResult value) => process.Tell(new RowReported(batch, value));
    }

    /// <summary>Steps are told by the slot's status.</summary>
    private sealed class NobodyAsks : IProgress<StepProgress>
    {
        public void Report(StepProgress value)
        {
        }
    }
}
