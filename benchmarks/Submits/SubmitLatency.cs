using System.Diagnostics;
using RenderFarm.Shared;
using RenderFarm.Shared.Api;
using RenderFarm.Shared.Settings;
using RenderFarm.TestKit.Farms;

namespace RenderFarm.Benchmarks.Submits;

/// <summary>Whether a large job is accepted and cancelled about as fast as a small one, and many prompts about as fast as the database takes their bytes.</summary>
internal static class SubmitLatency
{
    private const int GridPrompts = 100;
    private const long GridCount = 10_000;
    private const long Small = 10;
    private const int Distinct = 100_000;

    private static readonly TimeSpan CancelledWithin = TimeSpan.FromMinutes(1);

    /// <summary>Measures all three; the prompts only on servers, where their peer is.</summary>
    public static async Task<Figures> RunAsync(TestFarm farm, int pairs, CancellationToken cancellationToken)
    {
        var (grid, small) = (JobOf(GridCount, Prompts(GridPrompts)), JobOf(Small, null));
        var submits = new List<(Took Grid, Took Small)>();
        for (var pair = -1; pair < pairs; pair++)
        {
            var first = pair % 2 == 0 ? await SubmitAsync(farm, grid, cancellationToken) : default;
            var other = await SubmitAsync(farm, small, cancellationToken);
            var turn = (pair % 2 == 0 ? first : await SubmitAsync(farm, grid, cancellationToken), other);
            if (pair >= 0)
            {
                submits.Add(turn);
            }
        }

        var rows = new List<Figure>
        {
            new($"Submit of {GridPrompts * GridCount:N0} images against {Small}", Median(submits, x => x.Grid.Submit / x.Small.Submit), new Goal(false, 3)),
            new($"Submit of {GridPrompts * GridCount:N0} images, ms", Median(submits, x => x.Grid.Submit), null),
            new($"Submit of {Small} images, ms", Median(submits, x => x.Small.Submit), null),
            new($"Cancel of {GridPrompts * GridCount:N0} images, ms", Median(submits, x => x.Grid.Cancel), new Goal(false, 100)),
        };
        if (farm is ServerTestFarm servers)
        {
            var (ours, copied) = await PromptsAsync(servers, pairs, cancellationToken);
            rows.Add(new Figure($"{Distinct:N0} distinct prompts against a binary COPY of them", ours / copied, new Goal(true, 0.4)));
            rows.Add(new Figure("Prompts submitted a second", ours, null, copied));
        }

        return new Figures(
            "Submitting and cancelling large jobs",
            "The HTTP calls that submit a job and cancel it, by turns for a large and a small one; each is cancelled before the next. Medians; ratios are medians of the pairs' ratios.",
            [("Jobs", $"{GridPrompts} prompts with {GridCount:N0} seeds each against one prompt with {Small}"), ("Pairs", $"{pairs}")],
            ["Binary COPY"],
            [.. rows.Select(x => x.Peers.Count == 0 ? x with { Peers = [null] } : x)]);
    }

    private static async Task<(double Ours, double Copied)> PromptsAsync(ServerTestFarm farm, int pairs, CancellationToken cancellationToken)
    {
        await using var copy = await PromptCopy.StartAsync(farm.Settings["RENDERFARM__Database__ConnectionString"], cancellationToken);
        var (ours, copied) = (new List<double>(), new List<double>());
        for (var pair = -1; pair < pairs; pair++)
        {
            var prompts = Prompts(Distinct);
            var took = (await SubmitAsync(farm, JobOf(1, prompts), cancellationToken)).Submit;
            var copyTook = await copy.RunAsync(prompts, cancellationToken);
            if (pair >= 0)
            {
                ours.Add(Distinct / took * 1000);
                copied.Add(Distinct / copyTook * 1000);
            }
        }

        return (Median(ours), Median(copied));
    }

    private static async Task<Took> SubmitAsync(TestFarm farm, JobRequest request, CancellationToken cancellationToken)
    {
        var start = Stopwatch.GetTimestamp();
        var job = await farm.Client.SubmitAsync(request, cancellationToken: cancellationToken);
        var submitted = Stopwatch.GetElapsedTime(start);
        start = Stopwatch.GetTimestamp();
        await farm.Client.CancelJobAsync(job.Id, cancellationToken);
        var cancelled = Stopwatch.GetElapsedTime(start);
        await farm.JobAsync(job.Id, x => x.State.IsTerminal() && x.Rendering == 0, CancelledWithin, cancellationToken);
        return new Took(submitted.TotalMilliseconds, cancelled.TotalMilliseconds);
    }

    private static JobRequest JobOf(long count, IReadOnlyList<string>? prompts) => new()
    {
        Model = "emoji",
        Count = count,
        Prompts = prompts,
        Settings = new RenderSettings { Prompt = prompts is null ? "a pizza on a blue background" : null, Seed = 0 },
    };

    private static string[] Prompts(int count) => [.. Enumerable.Range(0, count).Select(i => $"a slice of pizza number {i} on a light blue background")];

    private static double Median<T>(IEnumerable<T> values, Func<T, double> of) => Median(values.Select(of));

    private static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }

    private readonly record struct Took(double Submit, double Cancel);
}
