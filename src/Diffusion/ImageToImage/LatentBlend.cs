using System.Numerics.Tensors;

namespace RenderFarm.Diffusion.ImageToImage;

/// <summary>
/// Keeps what lies outside a mask: at the start of each step it is put back, with the noise of that step (Lugmayr et al., arXiv:2201.09865,
/// equation 8, with the picture's own first noise).
/// </summary>
/// <param name="mask">[channels, height, width]; 1 is drawn anew, 0 stays.</param>
/// <param name="picture">The start image's latent, of the same shape.</param>
/// <param name="noise">Unit noise, of the same shape.</param>
internal sealed class LatentBlend(float[] mask, float[] picture, float[] noise)
{
    private readonly float[] _kept = new float[mask.Length];

    /// <summary>x = mask * x + (1 - mask) * (picture + sigma * noise), in place.</summary>
    public void Keep(Span<float> x, float sigma)
    {
        TensorPrimitives.MultiplyAdd(noise, sigma, picture, _kept);
        TensorPrimitives.Subtract(x, _kept, x);
        TensorPrimitives.MultiplyAdd(x, mask, _kept, x);
    }
}
