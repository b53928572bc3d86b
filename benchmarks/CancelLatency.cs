using System.Diagnostics;
using RenderFarm.Client;
using RenderFarm.Shared;
using RenderFarm.Shared.Api;
using RenderFarm.Shared.Settings;
using RenderFarm.TestKit.Farms;

namespace RenderFarm.Benchmarks;

/// <summary>How soon a worker is free again when the job that it renders is cancelled or paused.</summary>
internal static class CancelLatency
{
    private const double GoalMilliseconds = 500;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    /// <summary>Cancels and pauses by turns, while a batch is somewhere in its steps and a small job waits for the worker.</summary>
    public static async Task<Figures> RunAsync(TestFarm farm, int rounds, CancellationToken cancellationToken)
    {
        var took = new List<Took>();
        for (var round = -2; round < rounds; round++)
        {
            var turn = await RoundAsync(farm, isPause: round % 2 != 0, TimeSpan.FromMilliseconds(37 * (round + 2) % 400), cancellationToken);
            if (round >= 0)
            {
                took.Add(turn);
            }
        }

        return new Figures(
            "Cancelling and pausing what is rendered",
            "A job keeps the worker busy with batches of long steps, and a job of one small picture waits behind it. Measured from the farm's answer to the cancel or pause until the "
                + "small picture is rendered, stored, committed and heard of: the batch has ended somewhere before.",
            [("Rounds", $"{rounds}, cancels and pauses by turns, at other moments of a step each time"), ("Batch", "4 pictures of 256x256 with guidance, 500 steps"), ("Small job", "64x64, 1 step")],
            [],
            [
                .. Rows("Cancel", [.. took.Where(turn => !turn.IsPause)]),
                .. Rows("Pause", [.. took.Where(turn => turn.IsPause)]),
            ]);
    }

    private static IEnumerable<Figure> Rows(string name, Took[] took) =>
    [
        new($"{name}: from the answer to the next picture, p50, ms", Percentile(took, turn => turn.Next, 0.5), null),
        new($"{name}: from the answer to the next picture, p99, ms", Percentile(took, turn => turn.Next, 0.99), new Goal(false, GoalMilliseconds)),
        new($"{name}: the answer itself, p50, ms", Percentile(took, turn => turn.Answer, 0.5), null),
        new($"{name}: the answer itself, p99, ms", Percentile(took, turn => turn.Answer, 0.99), null),
    ];

    private static async Task<Took> RoundAsync(TestFarm farm, bool isPause, TimeSpan later, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Patience);
        var big = await farm.Client.SubmitAsync(Big, cancellationToken: limit.Token);
        await FirstAsync(farm.Client, big.Id, change => change is JobEvent.StepDone, limit.Token);
        var small = await farm.Client.SubmitAsync(Small, cancellationToken: limit.Token);
        await Task.Delay(later, limit.Token);
        var heard = FirstAsync(farm.Client, small.Id, change => change is JobEvent.FrameSettled, limit.Token);
        var start = Stopwatch.GetTimestamp();
        var held = isPause ? await farm.Client.PauseJobAsync(big.Id, limit.Token) : await farm.Client.CancelJobAsync(big.Id, limit.Token);
        var answered = Stopwatch.GetTimestamp();
        var next = await heard;
        if (isPause)
        {
            await farm.Client.CancelJobAsync(big.Id, limit.Token);
        }

        var after = await farm.Client.GetJobAsync(big.Id, limit.Token);
        return after.Rendered == held.Rendered
            ? new Took(isPause, Stopwatch.GetElapsedTime(start, answered).TotalMilliseconds, Math.Max(0, Stopwatch.GetElapsedTime(answered, next).TotalMilliseconds))
            : throw new InvalidOperationException($"Job {big.Id} had {held.Rendered} images when the farm answered and has {after.Rendered} now.");
    }

    private static async Task<long> FirstAsync(RenderFarmClient farm, Guid job, Func<JobEvent, bool> isIt, CancellationToken cancellationToken)
    {
        await foreach (var change in farm.WatchAsync(job, cancellationToken))
        {
            if (isIt(change))
            {
                return Stopwatch.GetTimestamp();
            }
        }

        throw new InvalidOperationException($"Job {job} ended too soon.");
    }

    private static double Percentile(Took[] took, Func<Took, double> of, double share)
    {
        double[] sorted = [.. took.Select(of).Order()];
        return sorted[Math.Max(0, (int)Math.Ceiling(share * sorted.Length) - 1)];
    }

    private static JobRequest Big => new()
    {
        Class = JobClass.Batch,
        Count = 64,
        Settings = new RenderSettings { Prompt = "a pizza on a blue background", Width = 256, Height = 256, Steps = 500, Seed = 1 },
    };

    private static JobRequest Small => new()
    {
        Class = JobClass.Interactive,
        Settings = new RenderSettings { Prompt = "a pizza on a blue background", Width = 64, Height = 64, Steps = 1, Seed = 1 },
    };

    private readonly record struct Took(bool IsPause, double Answer, double Next);
}
