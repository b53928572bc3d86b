namespace RenderFarm.Diffusion;

/// <summary>A network answered with NaN or infinity: the request's settings or the model's precision are to blame, and trying again gives the same.</summary>
public sealed class NonFiniteLatentsException : Exception
{
    internal NonFiniteLatentsException(int row, int step, ImageRequest request)
        : this($"The latents of row {row} are not finite after step {step} of {request.Steps} (sampler {request.Sampler}, guidance {request.Guidance}, seed {request.Seed}). Lower the guidance, or use a model in a wider number format.", row, step, request)
    {
    }

    private NonFiniteLatentsException(string message, int row, int step, ImageRequest request, Exception? inner = null)
        : base(message, inner)
    {
        Row = row;
        Step = step;
        Request = request;
    }

    /// <summary>The index of the request in its batch; its batch mates are sound.</summary>
    public int Row { get; }

    public int Step { get; }

    public ImageRequest Request { get; }

    /// <summary>The latents are sound, but what the VAE's decoder makes of them is not.</summary>
    internal static NonFiniteLatentsException OfPicture(int row, ImageRequest request, Exception inner) => new(
        $"The picture that the VAE decodes from the latents of row {row} is not finite (seed {request.Seed}). Use a VAE in float32, or one made for float16.",
        row,
        request.Steps,
        request,
        inner);
}
