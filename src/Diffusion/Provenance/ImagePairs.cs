using RenderFarm.Diffusion.Control;
using RenderFarm.Diffusion.ImageToImage;
using RenderFarm.Diffusion.Masks;

namespace RenderFarm.Diffusion.Provenance;

/// <summary>Image to image, inpainting and control; the pictures themselves are not in the text.</summary>
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
        OfMask("Mask blur", x => GenerationPairs.NotZero(x.Blur), (x, g) => x with { Blur = g.Real("Mask blur") ?? 0 }),
        OfMask("Mask mode", x => x.Invert ? NotMasked : null, (x, g) => x with { Invert = g.Text("Mask mode") == NotMasked }),
        OfMask("Masked content", x => x.Content == MaskedContent.Original ? null : Contents.First(one => one.Content == x.Content).Label, (x, g) => x with { Content = Content(g) }),
        OfMask("Inpaint area", x => x.OnlyMasked ? OnlyMasked : null, (x, g) => x with { OnlyMasked = g.Text("Inpaint area") == OnlyMasked }),
        OfMask("Masked area padding", x => x.OnlyMasked ? GenerationPairs.Number(x.Padding) : null, (x, g) => x with { Padding = g.Count("Masked area padding") ?? x.Padding }),
        OfMask("Keep outside", x => x.KeepOutside ? null : "False", (x, g) => x with { KeepOutside = g.Truth("Keep outside") ?? true }),
    ];

    public static IReadOnlyList<GenerationPair> Control { get; } =
    [
        OfControl("Control scale", x => GenerationPairs.Number(x.Scale), (x, g) => x with { Scale = g.Real("Control scale") ?? x.Scale }),
        OfControl("Control start", x => GenerationPairs.NotZero(x.Start), (x, g) => x with { Start = g.Real("Control start") ?? 0 }),
        OfControl("Control end", x => x.End == 1 ? null : GenerationPairs.Number(x.End), (x, g) => x with { End = g.Real("Control end") ?? 1 }),
    ];

    private static GenerationPair OfControl(string key, Func<ControlImage, string?> write, Func<ControlImage, Generation, ControlImage> read) => new(
        key,
        x => x.Request.Control is { } control ? write(control) : null,
        (r, g) => r.Control is { } control ? r with { Control = read(control, g) } : r);

    private static GenerationPair OfMask(string key, Func<Inpainting, string?> write, Func<Inpainting, Generation, Inpainting> read) => new(
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
