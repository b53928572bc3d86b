using RenderFarm.Diffusion.Images;
using RenderFarm.Diffusion.Resizing;

namespace RenderFarm.Diffusion.Masks;

/// <summary>A picture and its mask brought to the size that is rendered, and the way of a rendered picture back into the whole.</summary>
internal sealed class MaskedPicture
{
    private const int Rgb = 3;

    private readonly InputImage _whole;
    private readonly MaskImage _painted;
    private readonly Region? _region;

    private MaskedPicture(InputImage whole, MaskImage painted, Region? region, InputImage picture, MaskImage mask) =>
        (_whole, _painted, _region, Picture, Mask) = (whole, painted, region, picture, mask);

    /// <summary>What is rendered over, at the size of the request.</summary>
    public InputImage Picture { get; }

    /// <summary>Where, at the size of the request.</summary>
    public MaskImage Mask { get; }

    /// <summary>The part of the picture that is rendered; null for all of it.</summary>
    public Region? Region => _region;

    /// <summary>The whole picture at the size of the request.</summary>
    public static MaskedPicture Whole(InputImage picture, MaskImage mask, int width, int height, ResizeMode mode)
    {
        CheckSize(picture, mask);
        var (whole, fitted) = (Fitting.Fit(picture, width, height, mode), mask.Fitted(width, height, mode));
        return new MaskedPicture(whole, fitted.Doubled(), null, whole, fitted);
    }

    /// <summary>Only the part around what is masked, enlarged to the size of the request; the whole where nothing is masked.</summary>
    public static MaskedPicture OnlyMasked(InputImage picture, MaskImage mask, int width, int height, int padding)
    {
        CheckSize(picture, mask);
        if (Masks.Region.Around(mask, padding) is not { } around)
        {
            return Whole(picture, mask, width, height, ResizeMode.Fill);
        }

        var (region, flat) = (around.Expanded(width, height, mask.Width, mask.Height), picture.Flattened());
        var part = new PixelGrid(flat.Width, flat.Height, Rgb, flat.Rgb).Window(region.Left, region.Top, region.Width, region.Height);
        return new MaskedPicture(
            flat,
            mask,
            region,
            new InputImage(width, height, Fitting.Fit(part, width, height, ResizeMode.Fill).Values),
            mask.Cropped(region).Fitted(width, height, ResizeMode.Fill));
    }

    /// <summary>A rendered picture laid under the unmasked part of the whole.</summary>
    public InputImage PasteBack(InputImage rendered)
    {
        var part = _region is { } region ? Fitting.Fit(rendered, region.Width, region.Height, ResizeMode.Crop) : rendered;
        var (left, top) = (_region?.Left ?? 0, _region?.Top ?? 0);
        var pasted = _whole.Rgb.ToArray();
        for (var y = 0; y < part.Height; y++)
        {
            for (var x = 0; x < part.Width; x++)
            {
                var at = ((top + y) * _whole.Width) + left + x;
                int share = _painted.Values.Span[at];
                for (var channel = 0; channel < Rgb; channel++)
                {
                    int fresh = part.Rgb.Span[(((y * part.Width) + x) * Rgb) + channel];
                    ref var value = ref pasted[(at * Rgb) + channel];
                    value = (byte)(((fresh * share) + (value * (255 - share)) + 127) / 255);
                }
            }
        }

        return new InputImage(_whole.Width, _whole.Height, pasted);
    }

    private static void CheckSize(InputImage picture, MaskImage mask)
    {
        if ((picture.Width, picture.Height) != (mask.Width, mask.Height))
        {
            throw new InputImageException("mask", $"{mask.Width} x {mask.Height} pixels", $"{picture.Width} x {picture.Height} pixels, as the picture is");
        }
    }
}
