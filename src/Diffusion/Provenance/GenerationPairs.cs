using System.Globalization;
using System.Reflection;

namespace RenderFarm.Diffusion.Provenance;

/// <summary>The pairs of the settings line, in stable-diffusion-webui's order: one row says how a pair is written and how it is read back.</summary>
internal static class GenerationPairs
{
    private const int ShortHash = 10;

    private static readonly string Version =
        typeof(GenerationPairs).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0];

    public static IReadOnlyList<GenerationPair> All { get; } =
    [
        new("Steps", x => Number(x.Request.Steps), (r, g) => r with { Steps = g.Count("Steps") ?? r.Steps }),
        new(SamplerLabels.SamplerKey, x => SamplerLabels.Sampler(x.Request.Sampler), SamplerLabels.Read),
        new(SamplerLabels.ScheduleKey, x => SamplerLabels.Schedule(x.Request.Schedule, x.Request.Sampler)),
        new("CFG scale", x => Number(x.Request.Guidance), (r, g) => r with { Guidance = g.Real("CFG scale") ?? r.Guidance }),
        new("Seed", x => Number(x.Request.Seed), (r, g) => r with { Seed = g.Whole("Seed") ?? r.Seed }),
        new("Size", x => Sides(x.Request.Width, x.Request.Height), (r, g) => r with { Width = g.Count("Size-1") ?? r.Width, Height = g.Count("Size-2") ?? r.Height }),
        new("Model hash", x => x.ModelDigest[..Math.Min(ShortHash, x.ModelDigest.Length)]),
        new("Model", x => x.ModelName),
        .. NoisePairs.Variation,
        .. ImagePairs.Strength,

        // webui counts the layer that is read from the end, so that 1 skips none.
        new("Clip skip", x => x.Request.ClipSkip == 0 ? null : Number(x.Request.ClipSkip + 1), (r, g) => r with { ClipSkip = (g.Count("Clip skip") ?? 1) - 1 }),
        .. NoisePairs.Source,
        new("Tiling", x => x.Request.Tiling ? "True" : null, (r, g) => r with { Tiling = g.Truth("Tiling") ?? false }),
        new("Eta", x => Number(x.Request.Eta), (r, g) => r with { Eta = g.Real("Eta") }),
        .. NoisePairs.Steps,
        new("CFG rescale", x => NotZero(x.Request.GuidanceRescale), (r, g) => r with { GuidanceRescale = g.Real("CFG rescale") ?? 0 }),
        .. ImagePairs.Mask,
        .. HiresPairs.All,
        .. ImagePairs.Control,
        new("Best of", x => x.Request.BestOf == 1 ? null : Number(x.Request.BestOf), (r, g) => r with { BestOf = g.Count("Best of") ?? 1 }),
        new("Emphasis", x => PromptLabels.Emphasis(x.Request), (r, g) => r with { Emphasis = g.Text("Emphasis") is { } label ? PromptLabels.Emphasis(label) : r.Emphasis }),
        new("Prompt syntax", x => PromptLabels.Syntax(x.Request), (r, g) => r with { PromptSyntax = g.Text("Prompt syntax") ?? PromptSyntaxNames.Webui }),
        new("Loras", x => PromptLabels.Loras(x.Request), (r, g) => r with { Loras = g.Text("Loras") is { } tags ? PromptLabels.Loras(tags) : [] }),
        new("Lora hashes", x => PromptLabels.LoraHashes(x.LoraHashes)),
        new("Prompt 2", x => x.Request.Prompt2, (r, g) => r with { Prompt2 = g.Text("Prompt 2") }),
        new("Negative prompt 2", x => x.Request.NegativePrompt2, (r, g) => r with { NegativePrompt2 = g.Text("Negative prompt 2") }),
        new("Original size", x => NotZero(x.Request.OriginalWidth, x.Request.OriginalHeight), (r, g) => r with { OriginalWidth = g.Count("Original size-1") ?? 0, OriginalHeight = g.Count("Original size-2") ?? 0 }),
        new("Crop", x => NotZero(x.Request.CropLeft, x.Request.CropTop), (r, g) => r with { CropLeft = g.Count("Crop-1") ?? 0, CropTop = g.Count("Crop-2") ?? 0 }),
        new("Target size", x => NotZero(x.Request.TargetWidth, x.Request.TargetHeight), (r, g) => r with { TargetWidth = g.Count("Target size-1") ?? 0, TargetHeight = g.Count("Target size-2") ?? 0 }),
        new(SamplerLabels.OwnKey, x => SamplerLabels.Own(x.Request.Sampler)),
        new("Version", _ => $"RenderFarm {Version}"),
    ];

    internal static string? NotZero(double value) => value == 0 ? null : Number(value);

    internal static string? NotZero(int width, int height) => (width, height) == (0, 0) ? null : Sides(width, height);

    private static string Sides(int width, int height) => string.Create(CultureInfo.InvariantCulture, $"{width}x{height}");

    internal static string? Number(double? value) => value?.ToString(CultureInfo.InvariantCulture);

    internal static string Number(double value) => value.ToString(CultureInfo.InvariantCulture);

    internal static string Number(long value) => value.ToString(CultureInfo.InvariantCulture);
}

/// <summary>A pair of the settings line: what is written, null for nothing, and how it changes a request that is read; null where another row reads it or none does.</summary>
internal sealed record GenerationPair(string Key, Func<GenerationSource, string?> Write, Func<ImageRequest, Generation, ImageRequest>? Read = null);

/// <summary>What the settings line is written from.</summary>
internal sealed record GenerationSource(ImageRequest Request, string ModelName, string ModelDigest, IReadOnlyDictionary<string, string>? LoraHashes = null);
