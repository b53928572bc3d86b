using RenderFarm.Diffusion.Images;

namespace RenderFarm.Diffusion.Resizing;

/// <summary>The upscalers of <see cref="UpscalerNames"/>.</summary>
internal static class Upscaler
{
    private const int Rgb = 3;

    /// <summary>How an upscaler resizes latents; null where it works on pixels.</summary>
    public static LatentResampling? Latent(string name) => name switch
    {
        UpscalerNames.Latent => LatentResampling.Bilinear,
        UpscalerNames.LatentAntialiased => LatentResampling.BilinearAntialiased,
        UpscalerNames.LatentBicubic => LatentResampling.Bicubic,
        UpscalerNames.LatentBicubicAntialiased => LatentResampling.BicubicAntialiased,
        UpscalerNames.LatentNearest => LatentResampling.Nearest,
        UpscalerNames.LatentNearestExact => LatentResampling.NearestExact,
        UpscalerNames.Lanczos or UpscalerNames.Nearest => null,
        _ => throw Unknown(name),
    };

    /// <summary>A picture at another size by an upscaler that works on pixels.</summary>
    public static InputImage Pixels(string name, InputImage image, int width, int height)
    {
        var grid = new PixelGrid(image.Width, image.Height, Rgb, image.Rgb);
        var resized = name switch
        {
            UpscalerNames.Lanczos => grid.Filtered(width, height, ResampleFilter.Lanczos),
            UpscalerNames.Nearest => grid.Nearest(width, height),
            _ => throw Unknown(name),
        };
        return new InputImage(width, height, resized.Values);
    }

    private static RenderRequestException Unknown(string name) => new("Upscaler", $"'{name}'", $"one of {string.Join(", ", UpscalerNames.All)}");
}
