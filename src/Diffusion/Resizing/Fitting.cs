using RenderFarm.Diffusion.Images;

namespace RenderFarm.Diffusion.Resizing;

/// <summary>Brings pictures to the size of a request by Lanczos's filter, as stable-diffusion-webui's resize modes do.</summary>
internal static class Fitting
{
    private const int Rgb = 3;

    /// <summary>The picture on white, at the size.</summary>
    public static InputImage Fit(InputImage image, int width, int height, ResizeMode mode)
    {
        var flat = image.Flattened();
        return (flat.Width, flat.Height) == (width, height)
            ? flat
            : new InputImage(width, height, Fit(new PixelGrid(flat.Width, flat.Height, Rgb, flat.Rgb), width, height, mode).Values);
    }

    public static PixelGrid Fit(PixelGrid pixels, int width, int height, ResizeMode mode)
    {
        // Whether the wanted shape is wider than the picture's, without rounding.
        var isWider = (long)width * pixels.Height > (long)height * pixels.Width;
        var (innerWidth, innerHeight) = mode switch
        {
            ResizeMode.Stretch => (width, height),
            ResizeMode.Crop => isWider ? (width, AtLeast(height, (long)pixels.Height * width / pixels.Width)) : (AtLeast(width, (long)pixels.Width * height / pixels.Height), height),
            ResizeMode.Fill => isWider ? (AtLeast(1, (long)pixels.Width * height / pixels.Height), height) : (width, AtLeast(1, (long)pixels.Height * width / pixels.Width)),
            _ => throw new RenderRequestException(nameof(ResizeMode), $"{mode}", string.Join(", ", Enum.GetNames<ResizeMode>())),
        };
        return pixels.Filtered(innerWidth, innerHeight, ResampleFilter.Lanczos, Middle(innerWidth, width), Middle(innerHeight, height));
    }

    // Only the part that is seen is computed: a very long picture would cover a small size with a vast one.
    private static Places Middle(int inner, int wanted) => new((inner / 2) - (wanted / 2), wanted);

    private static int AtLeast(int least, long side) => Math.Max(least, (int)side);
}
