using RenderFarm.Diffusion.Hires;

namespace RenderFarm.Diffusion.Provenance;

/// <summary>The second pass at a larger size, which a text has if it names an upscaler or a scale.</summary>
internal static class HiresPairs
{
    private const string ScaleKey = "Hires upscale";
    private const string UpscalerKey = "Hires upscaler";
    private const string StrengthKey = "Hires denoising strength";
    private const string SamplerKey = "Hires sampler";
    private const string OwnSamplerKey = "Hires diffusers sampler";
    private const string ScheduleKey = "Hires schedule type";

    public static IReadOnlyList<GenerationPair> All { get; } =
    [
        new(ScaleKey, x => x.Request.Hires is { } hires ? GenerationPairs.Number(hires.Scale) : null, Begin),
        Of("Hires resize", x => GenerationPairs.NotZero(x.Width, x.Height), (x, g) => x with { Width = g.Count("Hires resize-1") ?? 0, Height = g.Count("Hires resize-2") ?? 0 }),
        Of("Hires steps", x => GenerationPairs.NotZero(x.Steps), (x, g) => x with { Steps = g.Count("Hires steps") ?? 0 }),
        Of(UpscalerKey, x => x.Upscaler, (x, g) => x with { Upscaler = g.Text(UpscalerKey) ?? x.Upscaler }),
        new(StrengthKey, x => x.Request.Start is null ? null : GenerationPairs.Number(x.Request.Hires?.Strength)),
        Of(SamplerKey, x => x.Sampler is { } sampler ? SamplerLabels.Sampler(sampler) : null, (x, g) => x with { Sampler = g.Text(OwnSamplerKey) ?? Named(g.Text(SamplerKey)) }),
        Of(OwnSamplerKey, x => SamplerLabels.Own(x.Sampler)),
        new(ScheduleKey, x => x.Request.Hires is { Schedule: { } schedule } hires ? SamplerLabels.Schedule(schedule, hires.Sampler ?? x.Request.Sampler) : null, ReadSchedule),
        Of("Hires prompt", x => x.Prompt, (x, g) => x with { Prompt = g.Text("Hires prompt") }),
        Of("Hires negative prompt", x => x.NegativePrompt, (x, g) => x with { NegativePrompt = g.Text("Hires negative prompt") }),
    ];

    private static ImageRequest Begin(ImageRequest request, Generation generation)
    {
        if (generation.Text(UpscalerKey) is null && generation.Text(ScaleKey) is null)
        {
            return request;
        }

        var usual = new HiresFix();
        var strength = generation.Real(StrengthKey) ?? (request.Start is null ? generation.Real(ImagePairs.StrengthKey) : null);
        return request with { Hires = usual with { Scale = generation.Real(ScaleKey) ?? usual.Scale, Strength = strength ?? usual.Strength } };
    }

    private static ImageRequest ReadSchedule(ImageRequest request, Generation generation) =>
        request.Hires is { } hires && generation.Text(ScheduleKey) is { } label && label != "Use same scheduler"
            ? request with { Hires = hires with { Schedule = SamplerLabels.ScheduleNamed(label, hires.Sampler ?? request.Sampler) } }
            : request;

    private static string? Named(string? label) => label is null or "Use same sampler" ? null : SamplerLabels.Named(label);

    private static GenerationPair Of(string key, Func<HiresFix, string?> write, Func<HiresFix, Generation, HiresFix>? read = null) => new(
        key,
        x => x.Request.Hires is { } hires ? write(hires) : null,
        (r, g) => r.Hires is { } hires && read is not null ? r with { Hires = read(hires, g) } : r);
}
