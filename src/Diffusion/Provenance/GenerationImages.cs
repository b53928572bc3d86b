using RenderFarm.Diffusion.ImageToImage;
using RenderFarm.Diffusion.Images;

namespace RenderFarm.Diffusion.Provenance;

/// <summary>The pictures of a request, which its text only mentions.</summary>
internal static class GenerationImages
{
    public static ImageRequest Given(ImageRequest request, InputImage? start, InputImage? mask) => request with
    {
        Start = start is null ? null : new StartImage { Image = start },
        Inpaint = mask is null ? null : new Inpainting { Mask = mask },
    };

    public static string? FillLabel(ImageRequest request) => request.Inpaint?.Fill switch
    {
        null => null,
        MaskFill.Original => "original",
        MaskFill.LatentNoise => "latent noise",
        MaskFill.LatentNothing => "latent nothing",
        var other => throw new RenderRequestException(nameof(Inpainting.Fill), $"{other}", string.Join(", ", Enum.GetNames<MaskFill>())),
    };

    public static MaskFill Fill(string label) => label switch
    {
        "original" => MaskFill.Original,
        "latent noise" => MaskFill.LatentNoise,
        "latent nothing" => MaskFill.LatentNothing,
        _ => throw new RenderRequestException("Masked content", $"'{label}'", "original, latent noise or latent nothing"),
    };
}
