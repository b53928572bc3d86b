using RenderFarm.Diffusion.Noise;

namespace RenderFarm.Diffusion.Provenance;

/// <summary>What the noise is made of, and how much of it steps add.</summary>
internal static class NoisePairs
{
    private const string SourceKey = "RNG";

    public static IReadOnlyList<GenerationPair> Variation { get; } =
    [
        new(
            "Variation seed",
            x => HasVariation(x) ? GenerationPairs.Number(x.Request.Noise.VariationSeed) : null,
            (r, g) => r with { Noise = r.Noise with { VariationSeed = g.Whole("Variation seed") ?? 0 } }),
        new(
            "Variation seed strength",
            x => HasVariation(x) ? GenerationPairs.Number(x.Request.Noise.VariationStrength) : null,
            (r, g) => r with { Noise = r.Noise with { VariationStrength = g.Real("Variation seed strength") ?? 0 } }),
        new(
            "Seed resize from",
            x => GenerationPairs.NotZero(x.Request.Noise.ResizeFromWidth, x.Request.Noise.ResizeFromHeight),
            (r, g) => r with { Noise = r.Noise with { ResizeFromWidth = g.Count("Seed resize from-1") ?? 0, ResizeFromHeight = g.Count("Seed resize from-2") ?? 0 } }),
    ];

    public static IReadOnlyList<GenerationPair> Source { get; } =
    [
        new("ENSD", x => GenerationPairs.NotZero(x.Request.Noise.EtaSeedDelta), (r, g) => r with { Noise = r.Noise with { EtaSeedDelta = g.Whole("ENSD") ?? 0 } }),
        new(SourceKey, x => Label(x.Request.Noise.Source), (r, g) => r with { Noise = r.Noise with { Source = Named(g.Text(SourceKey)) } }),
    ];

    public static IReadOnlyList<GenerationPair> Steps { get; } =
    [
        new("Sigma churn", x => GenerationPairs.NotZero(x.Request.Churn.Amount), (r, g) => r with { Churn = r.Churn with { Amount = g.Real("Sigma churn") ?? 0 } }),
        new("Sigma tmin", x => GenerationPairs.NotZero(x.Request.Churn.From), (r, g) => r with { Churn = r.Churn with { From = g.Real("Sigma tmin") ?? 0 } }),
        new(
            "Sigma tmax",
            x => double.IsPositiveInfinity(x.Request.Churn.To) ? null : GenerationPairs.Number(x.Request.Churn.To),
            (r, g) => r with { Churn = r.Churn with { To = g.Real("Sigma tmax") ?? double.PositiveInfinity } }),
        new("Sigma noise", x => x.Request.NoiseScale == 1 ? null : GenerationPairs.Number(x.Request.NoiseScale), (r, g) => r with { NoiseScale = g.Real("Sigma noise") ?? 1 }),
    ];

    private static bool HasVariation(GenerationSource source) => (source.Request.Noise.VariationSeed, source.Request.Noise.VariationStrength) != (0, 0);

    private static string Label(string source) => source switch
    {
        NoiseSourceNames.Cpu => "CPU",
        NoiseSourceNames.Nv => "NV",
        _ => throw new RenderRequestException(nameof(NoiseOptions.Source), $"'{source}'", $"one of {string.Join(", ", NoiseSourceNames.All)}"),
    };

    // webui names no source where it is the GPU, whose numbers the source NV has on any machine.
    private static string Named(string? label) => label switch
    {
        "CPU" => NoiseSourceNames.Cpu,
        "NV" or "GPU" or null => NoiseSourceNames.Nv,
        _ => throw new RenderRequestException(SourceKey, $"'{label}'", "CPU, NV or GPU"),
    };
}
