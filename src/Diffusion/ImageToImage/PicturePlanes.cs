using System.Numerics.Tensors;
using RenderFarm.Diffusion.Images;

namespace RenderFarm.Diffusion.ImageToImage;

/// <summary>Pictures as networks take them.</summary>
internal static class PicturePlanes
{
    private const int Channels = 3;

    /// <summary>[3, height, width], 0..255 as -1..1.</summary>
    public static float[] Of(InputImage image, int height, int width)
    {
        var rgb = image.Rgb.Span;
        var pixels = height * width;
        var planes = new float[Channels * pixels];
        for (var i = 0; i < pixels; i++)
        {
            for (var channel = 0; channel < Channels; channel++)
            {
                planes[(channel * pixels) + i] = rgb[(i * Channels) + channel];
            }
        }

        TensorPrimitives.Divide(planes, 127.5f, planes);
        TensorPrimitives.Subtract(planes, 1, planes);
        return planes;
    }

    /// <summary>[height, width], 1 where the mask is lighter than middle grey.</summary>
    public static float[] MaskOf(InputImage mask, int height, int width)
    {
        var rgb = mask.Rgb.Span;
        var result = new float[height * width];
        for (var i = 0; i < result.Length; i++)
        {
            // Luma of ITU-R BT.601, which image libraries use for grey.
            var luma = ((299 * rgb[Channels * i]) + (587 * rgb[(Channels * i) + 1]) + (114 * rgb[(Channels * i) + 2])) / 1000;
            result[i] = luma >= 128 ? 1 : 0;
        }

        return result;
    }
}
