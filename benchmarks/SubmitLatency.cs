using System.Diagnostics;
using RenderFarm.Shared;
using RenderFarm.Shared.Api;
using RenderFarm.Shared.Settings;
using RenderFarm.TestKit.Farms;

namespace RenderFarm.Benchmarks;

/// <summary>Whether a large job is accepted about as fast as a small one.</summary>
internal static class SubmitLatency
{
    private const double Goal = 10;
    private const long Large = 1_000_000;
    private const long Small = 10;

    private static readonly TimeSpan CancelledWithin = TimeSpan.FromMinutes(1);

    public static async Task<Report> RunAsync(TestFarm farm, int pairs, CancellationToken cancellationToken)
    {
        await SubmitAsync(farm, Large, cancellationToken);
        await SubmitAsync(farm, Small, cancellationToken);
        var measured = await Report.ByTurnsAsync(pairs, () => SubmitAsync(farm, Large, cancellationToken), () => SubmitAsync(farm, Small, cancellationToken));
        return new Report(
            "Submitting a large job",
            "The HTTP call that submits a job, by turns for a large and a small one. Each is cancelled afterwards, and the farm is idle before the next.",
            [("Jobs", $"{Large:N0} images against {Small}, one prompt")],
            $"{Large:N0} images, ms",
            $"{Small} images, ms",
            measured,
            new Goal(IsAtLeast: false, Goal));
    }

    private static async Task<double> SubmitAsync(TestFarm farm, long images, CancellationToken cancellationToken)
    {
        var request = new JobRequest { Model = "emoji", Count = images, Settings = new RenderSettings { Prompt = "a pizza on a blue background", Seed = 0 } };
        var start = Stopwatch.GetTimestamp();
        var job = await farm.Client.SubmitAsync(request, cancellationToken: cancellationToken);
        var took = Stopwatch.GetElapsedTime(start);
        await farm.Client.CancelJobAsync(job.Id, cancellationToken);
        await farm.JobAsync(job.Id, x => x.State.IsTerminal() && x.Rendering == 0, CancelledWithin, cancellationToken);
        return took.TotalMilliseconds;
    }
}
