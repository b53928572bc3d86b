using RenderFarm.Diffusion.Images;

namespace RenderFarm.Diffusion.Masks;

/// <summary>
/// Fills the masked part of a picture with the colours around it: the unmasked part is blurred ever less, and laid over
/// what is there already, so that far from the edge the widest blur shows. Bytes are rounded where Pillow rounds them.
/// </summary>
internal static class FilledImage
{
    private const int Rgba = 4;
    private const int Rgb = 3;

    private static readonly (double Sigma, int Repeats)[] Layers = [(256, 1), (64, 1), (16, 2), (4, 4), (2, 2), (0, 1)];

    public static InputImage Of(InputImage image, MaskImage mask)
    {
        var kept = Kept(image, mask);
        var filled = new byte[kept.Length];
        foreach (var (sigma, repeats) in Layers)
        {
            var layer = BoxBlur.Blur(kept, image.Width, image.Height, Rgba, sigma);
            Straighten(layer);
            for (var i = 0; i < repeats; i++)
            {
                LayOver(filled, layer);
            }
        }

        var rgb = new byte[image.Rgb.Length];
        for (var (from, to) = (0, 0); to < rgb.Length; from += Rgba, to += Rgb)
        {
            filled.AsSpan(from, Rgb).CopyTo(rgb.AsSpan(to));
        }

        return new InputImage(image.Width, image.Height, rgb);
    }

    // The unmasked part, its colours weakened by its opacity, so that blurring mixes in nothing from under the mask.
    private static byte[] Kept(InputImage image, MaskImage mask)
    {
        var rgb = image.Rgb.Span;
        var masked = mask.Values.Span;
        var kept = new byte[masked.Length * Rgba];
        for (var i = 0; i < masked.Length; i++)
        {
            var opacity = 255 - masked[i];
            for (var channel = 0; channel < Rgb; channel++)
            {
                kept[(i * Rgba) + channel] = Per255((rgb[(i * Rgb) + channel] * opacity) + 128);
            }

            kept[(i * Rgba) + Rgb] = (byte)opacity;
        }

        return kept;
    }

    private static void Straighten(byte[] pixels)
    {
        for (var i = 0; i < pixels.Length; i += Rgba)
        {
            int opacity = pixels[i + Rgb];
            for (var channel = i; channel < i + Rgb && opacity is not (0 or 255); channel++)
            {
                pixels[channel] = (byte)Math.Min(255, 255 * pixels[channel] / opacity);
            }
        }
    }

    // Porter and Duff's "over" (1984), with seven bits more than a byte in between.
    private static void LayOver(byte[] under, byte[] over)
    {
        const int Bits = 7;
        for (var i = 0; i < under.Length; i += Rgba)
        {
            int opacity = over[i + Rgb];
            if (opacity == 0)
            {
                continue;
            }

            var all = (opacity * 255) + (under[i + Rgb] * (255 - opacity));
            var share = opacity * 255 * 255 * (1 << Bits) / all;
            for (var channel = i; channel < i + Rgb; channel++)
            {
                var mixed = (over[channel] * share) + (under[channel] * ((255 << Bits) - share)) + (0x80 << Bits);
                under[channel] = (byte)((((mixed >> 8) + mixed) >> 8) >> Bits);
            }

            under[i + Rgb] = Per255(all + 128);
        }
    }

    private static byte Per255(int value) => (byte)(((value >> 8) + value) >> 8);
}
