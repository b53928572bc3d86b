using System.Diagnostics;
using RenderFarm.Diffusion;
using RenderFarm.TestKit;
using RenderFarm.TestKit.Farms;

namespace RenderFarm.Benchmarks;

/// <summary>How much sooner a model is there when its networks were optimised before.</summary>
internal static class SecondStart
{
    private const double Goal = 0.7;

    public static async Task<Report> RunAsync(int pairs)
    {
        using var cache = new TemporaryFolder();
        Load(cache.Path);
        return new Report(
            "The second start of a model",
            "Loading a pipeline with the cache of optimised networks that an earlier start wrote, against loading it without a cache, by turns in one process.",
            [("Model", "emoji, without verifying checksums, as a worker loads it")],
            "With the cache, ms",
            "Without, ms",
            await Report.ByTurnsAsync(pairs, () => Task.FromResult(Load(cache.Path)), () => Task.FromResult(Load(null))),
            new Goal(IsAtLeast: false, Goal));
    }

    private static double Load(string? cache)
    {
        var start = Stopwatch.GetTimestamp();
        using var pipeline = DiffusionPipeline.Load(Path.Combine(Repository.Models, "emoji"), new PipelineOptions { VerifyDigest = false, CacheFolder = cache });
        return Stopwatch.GetElapsedTime(start).TotalMilliseconds;
    }
}
