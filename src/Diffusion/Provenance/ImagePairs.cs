using RenderFarm.Diffusion.ImageToImage;
using RenderFarm.Diffusion.Masks;

namespace RenderFarm.Diffusion.Provenance;

/// <summary>Image to image and inpainting; the pictures themselves are not in the text.</summary>
internal static class ImagePairs
{
    public const string StrengthKey = "Denoising strength";
    private const string OnlyMasked = "Only masked";
    private const string NotMasked = "Inpaint not masked";

    private static readonly (MaskedContent Content, string Label)[] Contents =
        [(MaskedContent.Fill, "fill"), (MaskedContent.Original, "original"), (MaskedContent.LatentNoise, "latent noise"), (MaskedContent.LatentNothing, "latent nothing")];

    public static IReadOnlyList<GenerationPair> Strength { get; } =
    [
        // webui has one key for both; where both are there, the second pass's follows under its own.
        new(
            StrengthKey,
            x => GenerationPairs.Number(x.Request.Start?.Strength ?? x.Request.Hires?.Strength),
            (r, g) => r.Start is { } start && g.Real(StrengthKey) is { } strength ? r with { Start = start with { Strength = strength } } : r),
    ];

    public static IReadOnlyList<GenerationPair> Mask { get; } =
    [
        Of("Mask blur", x => GenerationPairs.NotZero(x.Blur), (x, g) => x with { Blur = g.Real("Mask blur") ?? 0 }),
        Of("Mask mode", x => x.Invert ? NotMasked : null, (x, g) => x with { Invert = g.Text("Mask mode") == NotMasked }),
        Of("Masked content", x => x.Content == MaskedContent.Original ? null : Contents.First(one => one.Content == x.Content).Label, (x, g) => x with { Content = Content(g) }),
        Of("Inpaint area", x => x.OnlyMasked ? OnlyMasked : null, (x, g) => x with { OnlyMasked = g.Text("Inpaint area") == OnlyMasked }),
        Of("Masked area padding", x => x.OnlyMasked ? GenerationPairs.Number(x.Padding) : null, (x, g) => x with { Padding = g.Count("Masked area padding") ?? x.Padding }),
        Of("Keep outside", x => x.KeepOutside ? null : "False", (x, g) => x with { KeepOutside = g.Truth("Keep outside") ?? true }),
    ];

    private static GenerationPair Of(string key, Func<Inpainting, string?> write, Func<Inpainting, Generation, Inpainting> read) => new(
        key,
        x => x.Request.Inpaint is { } inpaint ? write(inpaint) : null,
        (r, g) => r.Inpaint is { } inpaint ? r with { Inpaint = read(inpaint, g) } : r);

    private static MaskedContent Content(Generation generation)
    {
        var label = generation.Text("Masked content") ?? "original";
        return Contents.Any(one => one.Label == label)
            ? Contents.First(one => one.Label == label).Content
            : throw new RenderRequestException("Masked content", $"'{label}'", string.Join(", ", Contents.Select(one => one.Label)));
    }
}
