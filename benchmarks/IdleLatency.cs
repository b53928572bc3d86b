using System.Diagnostics;
using RenderFarm.Client;
using RenderFarm.Diffusion;
using RenderFarm.Shared;
using RenderFarm.Shared.Api;
using RenderFarm.Shared.Settings;
using RenderFarm.TestKit.Farms;

namespace RenderFarm.Benchmarks;

/// <summary>How soon an idle farm renders what is submitted, against the least that its promises cost: see <see cref="RawRoundTrip"/>.</summary>
internal static class IdleLatency
{
    private const double Goal = 5;

    // A farm that was at work before: what is compiled as it runs is compiled by then.
    private const int WarmUp = 100;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    /// <summary>Log lines that say how far a job is; the program's own, at Debug.</summary>
    public static IReadOnlyDictionary<string, string> Settings { get; } = new Dictionary<string, string>
    {
        ["RENDERFARM__Logging__LogLevel__RenderFarm.Coordinator.Scheduling"] = "Debug",
        ["RENDERFARM__Logging__LogLevel__RenderFarm.Worker.Rendering"] = "Debug",
    };

    /// <summary>One small job after the other, and a pause between them in which nothing happens but a round of the raw peer.</summary>
    public static async Task<Figures> RunAsync(ServerTestFarm farm, int rounds, CancellationToken cancellationToken)
    {
        await using var raw = await RawRoundTrip.StartAsync(farm, cancellationToken);
        var (stages, plain) = (new List<Stages>(), new List<RawTimes>());
        for (var round = -WarmUp; round < rounds; round++)
        {
            // At other moments of the loops that come round every second.
            var pause = TimeSpan.FromMilliseconds(round < 0 ? 1 : 300 + (137 * round % 700));
            await Task.Delay(pause, cancellationToken);
            var ours = await RoundAsync(farm, round, cancellationToken);
            await Task.Delay(pause, cancellationToken);
            var theirs = await raw.RoundAsync(cancellationToken);
            if (round >= 0)
            {
                stages.Add(ours);
                plain.Add(theirs);
            }
        }

        var preparing = Preparing(rounds);
        return Write(stages, plain, preparing);
    }

    private static Figures Write(List<Stages> stages, List<RawTimes> plain, double[] preparing) => new(
        "Submit to first UNet run on an idle farm",
        "From just before the submit over HTTP until the line of the worker is read that its render process begins the first step, against one durable commit of a row of the job's size and one "
            + "durable message, confirmed and delivered, both in PostgreSQL's and RabbitMQ's own clients. They run by turns, with pauses.",
        [("Rounds", $"{stages.Count}, each with a prompt of its own, after {WarmUp} that do not count"), ("Job", "one image of the model emoji, 4 steps; the farm is warm")],
        ["commit and round trip", "commit", "round trip"],
        [
            Row("First UNet run, p50, ms", 0.5, stages, plain),
            Row("First UNet run, p99, ms", 0.99, stages, plain),
            new("First UNet run, p50: ratio", Percentile(stages.Select(x => x.Begun), 0.5) / Percentile(plain.Select(x => x.Sum), 0.5), new Goal(false, Goal)),
            new("until the offer is with the broker, p50, ms", Percentile(stages.Select(x => x.Offered), 0.5), null),
            new("until the worker took the lease, p50, ms", Percentile(stages.Select(x => x.Taken), 0.5), null),
            new("until the submit is answered, p50, ms", Percentile(stages.Select(x => x.Answered), 0.5), null),
            new("prompt, noise and plan in one process, without a farm, p50, ms", Percentile(preparing, 0.5), null),
        ]);

    private static Figure Row(string name, double share, List<Stages> stages, List<RawTimes> plain) => new(
        name, Percentile(stages.Select(x => x.Begun), share), null,
        Percentile(plain.Select(x => x.Sum), share), Percentile(plain.Select(x => x.Commit), share), Percentile(plain.Select(x => x.RoundTrip), share));

    private static async Task<Stages> RoundAsync(ServerTestFarm farm, int round, CancellationToken cancellationToken)
    {
        using var offered = new SaidLine(farm.CoordinatorProcess(0), "leases offered");
        using var taken = new SaidLine(farm.Worker("worker-0"), "Took lease");
        using var begun = new SaidLine(farm.Worker("worker-0"), "begins a batch");
        var start = Stopwatch.GetTimestamp();
        var job = await farm.Client.SubmitAsync(JobOf(round), cancellationToken: cancellationToken);
        var answered = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        double[] heard = [await offered.SinceAsync(start, Patience), await taken.SinceAsync(start, Patience), await begun.SinceAsync(start, Patience)];
        var ended = job;
        await foreach (var change in farm.Client.WatchAsync(job.Id, cancellationToken))
        {
            ended = change is JobEvent.JobChanged changed ? changed.Job : ended;
        }

        return ended.State == JobState.Completed
            ? new Stages(answered, heard[0], heard[1], heard[2])
            : throw new InvalidOperationException($"The job ended as {ended.State}: {ended.Error}\n{farm.Log}");
    }

    /// <summary>What a render needs before its first step in any case, milliseconds.</summary>
    private static double[] Preparing(int rounds)
    {
        using var pipeline = DiffusionPipeline.Load(Path.Combine(Repository.Models, "emoji"));
        var took = new List<double>();
        for (var round = -WarmUp; round < rounds; round++)
        {
            var (start, begun) = (Stopwatch.GetTimestamp(), 0L);
            pipeline.Render([new ImageRequest { Prompt = PromptOf(round), Steps = 4 }], new FirstReport(() => begun = Stopwatch.GetTimestamp()));
            if (round >= 0)
            {
                took.Add(Stopwatch.GetElapsedTime(start, begun).TotalMilliseconds);
            }
        }

        return [.. took];
    }

    private static double Percentile(IEnumerable<double> values, double share)
    {
        double[] sorted = [.. values.Order()];
        return sorted[Math.Max(0, (int)Math.Ceiling(share * sorted.Length) - 1)];
    }

    // A prompt that was rendered before would not have to be encoded.
    private static string PromptOf(int round) => $"a pizza with {round + WarmUp} olives";

    private static JobRequest JobOf(int round) => new()
    {
        Model = "emoji",
        Class = JobClass.Interactive,
        Settings = new RenderSettings { Prompt = PromptOf(round), Steps = 4, Seed = round + WarmUp },
    };

    /// <summary>Milliseconds from the submit to each.</summary>
    private sealed record Stages(double Answered, double Offered, double Taken, double Begun);

    private sealed class FirstReport(Action begun) : IProgress<StepProgress>
    {
        public void Report(StepProgress value)
        {
            if (value.Step == 0)
            {
                begun();
            }
        }
    }

    /// <summary>The first line of a process that holds a text.</summary>
    private sealed class SaidLine : IDisposable
    {
        private readonly FarmProcess _process;
        private readonly string _text;
        private readonly TaskCompletionSource<long> _at = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public SaidLine(FarmProcess process, string text)
        {
            (_process, _text) = (process, text);
            _process.Said += Look;
        }

        public async Task<double> SinceAsync(long start, TimeSpan within) => Stopwatch.GetElapsedTime(start, await _at.Task.WaitAsync(within)).TotalMilliseconds;

        public void Dispose() => _process.Said -= Look;

        private void Look(string line)
        {
            if (line.Contains(_text, StringComparison.Ordinal))
            {
                _at.TrySetResult(Stopwatch.GetTimestamp());
            }
        }
    }
}
