namespace RenderFarm.Diffusion;

/// <summary>The network answered with NaN or infinity: the request's settings or the model's precision are to blame, and trying again gives the same.</summary>
public sealed class NonFiniteLatentsException(int row, int step, ImageRequest request)
    : Exception($"The latents of row {row} are not finite after step {step} of {request.Steps} (sampler {request.Sampler}, guidance {request.Guidance}, seed {request.Seed}). Lower the guidance, or use a model in a wider number format.")
{
    /// <summary>The index of the request in its batch; its batch mates are sound.</summary>
    public int Row { get; } = row;

    public int Step { get; } = step;

    public ImageRequest Request { get; } = request;
}
