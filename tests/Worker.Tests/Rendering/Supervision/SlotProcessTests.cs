using RenderFarm.Diffusion;
using RenderFarm.Shared.Protocol;
using RenderFarm.Shared.Settings;
using RenderFarm.TestKit;
using RenderFarm.Worker.Pipelines;
using RenderFarm.Worker.Rendering;
using RenderFarm.Worker.Rendering.Supervision;
using RenderFarm.Worker.Tests.Bench;

namespace RenderFarm.Worker.Tests.Rendering.Supervision;

public sealed class SlotProcessTests
{
    // A process that takes one batch and ends it when it is told to.
    private const string Script = """
        say() { printf "\\$(printf %03o ${#1})\\000\\000\\000%s" "$1"; }
        say '{"is":"ready"}'
        while [ ! -e "$0" ]; do sleep 0.05; done
        say '{"is":"ended","batch":1}'
        cat > /dev/null
        """;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_process_that_ends_its_batch_at_the_last_moment_is_not_killed_for_having_been_slow_to_stop()
    {
        using var folder = new TemporaryFolder();
        var ends = Path.Combine(folder.Path, "ends");
        var program = new RenderProgram("/bin/sh", ["-c", Script, ends]);
        var (time, log) = (new StillTime(), new KeptLog());
        var settings = new PipelineSettings("", "", null, 0, "cpu", 0, 4, 1, 1, 1, null);
        var process = new SlotProcess(
            new SlotView(0, new SlotBoard(1), new BatchTimes()), new ProcessSettings(program, settings, 1, null), time, log.CreateLogger(nameof(SlotProcess)));
        using var starter = new StarterThread();
        using var keep = new CancellationTokenSource();
        using var stop = new CancellationTokenSource();
        var kept = process.KeepAsync(starter, keep.Token);
        var batch = process.RenderAsync(Work(), new Nobody<StepProgress>(), new Nobody<RowResult>(), stop.Token);
        await time.UntilAskedAsync();

        await stop.CancelAsync();
        await time.UntilAskedAsync();
        await time.StandStillAsync();
        time.Skip(TimeSpan.FromHours(1));
        await File.WriteAllTextAsync(ends, "", Token);
        await batch.WaitAsync(TimeSpan.FromMinutes(1), Token);

        await keep.CancelAsync();
        await kept.WaitAsync(TimeSpan.FromMinutes(1), Token);
        Assert.Single(log.Lines, line => line.Contains("of slot 0 was closed", StringComparison.Ordinal));
    }

    private static RenderWork Work()
    {
        var offer = new LeaseOffered(
            Guid.NewGuid(), 1, Guid.NewGuid(), WorkerBench.Tenant, "emoji", "none", new RenderSettings { Width = 64, Height = 64 }, new OutputSettings(), ["a pizza"], [new LeasedFrame(0, 7, 0)]);
        return new RenderWork("emoji", "none", 1, [offer], [new RenderRow(0, offer.Frames[0], "none")]);
    }

    /// <summary>A clock that can be put on, and whose timers can be kept from ringing.</summary>
    private sealed class StillTime : TimeProvider
    {
        private readonly Lock _lock = new();
        private TaskCompletionSource _asked = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private long _skipped;
        private bool _isStill;

        public override long GetTimestamp() => base.GetTimestamp() + Volatile.Read(ref _skipped);

        public void Skip(TimeSpan time) => Volatile.Write(ref _skipped, (long)(time.TotalSeconds * TimestampFrequency));

        /// <summary>Waits until a timer is set that rings.</summary>
        public Task UntilAskedAsync()
        {
            lock (_lock)
            {
                _asked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                return _asked.Task.WaitAsync(TimeSpan.FromMinutes(1), Token);
            }
        }

        /// <summary>Waits until a timer is set that does not ring.</summary>
        public Task StandStillAsync()
        {
            lock (_lock)
            {
                _isStill = true;
                return UntilAskedAsync();
            }
        }

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            lock (_lock)
            {
                _asked.TrySetResult();
                return base.CreateTimer(callback, state, _isStill ? Timeout.InfiniteTimeSpan : dueTime, period);
            }
        }
    }

    private sealed class Nobody<T> : IProgress<T>
    {
        public void Report(T value)
        {
        }
    }
}
