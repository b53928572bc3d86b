using Microsoft.ML.OnnxRuntime;

namespace RenderFarm.Diffusion.Runtime;

/// <summary>Named tensors in the order in which a run takes or fills them.</summary>
internal sealed record TensorSet(string[] Names, OrtValue[] Values)
{
    /// <summary>These, then the others.</summary>
    public TensorSet And(TensorSet others) => new([.. Names, .. others.Names], [.. Values, .. others.Values]);
}
