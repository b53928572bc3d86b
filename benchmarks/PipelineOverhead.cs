using System.Diagnostics;
using RenderFarm.Diffusion;
using RenderFarm.TestKit.Farms;
using RenderFarm.TestKit.Goldens;

namespace RenderFarm.Benchmarks;

/// <summary>What the library adds to the networks: the wall time of a batch over the time its networks ran.</summary>
internal static class PipelineOverhead
{
    private const int BatchSize = 4;
    private const int Steps = 20;

    /// <summary>The bundled model's networks work long, a tiny model's hardly at all.</summary>
    private static readonly Dictionary<string, (string Folder, double Goal)> Models = new()
    {
        ["emoji"] = (Path.Combine(Repository.Models, "emoji"), 1.01),
        ["tiny-sd2"] = (GoldenFolder.Model("tiny-sd2"), 1.03),
    };

    public static IReadOnlyCollection<string> ModelNames => Models.Keys;

    public static Report Run(string model, int batches)
    {
        using var pipeline = DiffusionPipeline.Load(Models[model].Folder, new PipelineOptions { VerifyDigest = false });
        var size = $"{pipeline.Model.DefaultWidth}x{pipeline.Model.DefaultHeight}";
        Measure(pipeline, first: -1);
        Measure(pipeline, first: -2);
        return new Report(
            "The library's share",
            "A batch from its requests to its pixels, against the sum of its networks' runs within that time.",
            [("Batch", $"{BatchSize} pictures of {size} with the model {model}, {Steps} steps of {SamplerNames.DpmPlusPlus2M}, guidance 7, prompts not seen before")],
            "Batch, ms",
            "In networks, ms",
            [.. Enumerable.Range(0, batches).Select(first => Measure(pipeline, first))],
            new Goal(IsAtLeast: false, Models[model].Goal));
    }

    private static Pair Measure(DiffusionPipeline pipeline, int first)
    {
        ImageRequest[] batch = [.. Enumerable.Range(0, BatchSize).Select(row => new ImageRequest { Prompt = $"a pizza {first}", Steps = Steps, Guidance = 7, Sampler = SamplerNames.DpmPlusPlus2M, Seed = row })];
        var before = pipeline.InNetworks;
        var start = Stopwatch.GetTimestamp();
        pipeline.Render(batch);
        return new Pair(Stopwatch.GetElapsedTime(start).TotalMilliseconds, (pipeline.InNetworks - before).TotalMilliseconds);
    }
}
