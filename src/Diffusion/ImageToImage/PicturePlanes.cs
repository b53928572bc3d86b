using System.Numerics.Tensors;
using RenderFarm.Diffusion.Images;

namespace RenderFarm.Diffusion.ImageToImage;

/// <summary>Pictures as the autoencoder takes them.</summary>
internal static class PicturePlanes
{
    private const int Channels = 3;

    /// <summary>[3, height, width], 0..255 as -1..1.</summary>
    public static float[] Of(InputImage image)
    {
        var rgb = image.Rgb.Span;
        var pixels = image.Width * image.Height;
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
}
