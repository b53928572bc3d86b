namespace RenderFarm.Diffusion.Weights;

/// <summary>A .safetensors file that cannot be used: which file, which tensor of it, what is wrong.</summary>
public sealed class WeightFileException(string file, string? tensor, string problem, Exception? inner = null)
    : Exception(tensor is null ? $"The weights in '{file}' cannot be used: {problem}" : $"The tensor '{tensor}' in '{file}' cannot be used: {problem}", inner)
{
    /// <summary>The file as it was given.</summary>
    public string File { get; } = file;

    /// <summary>The tensor's name; null where the file itself is wrong.</summary>
    public string? Tensor { get; } = tensor;

    /// <summary>What is wrong, and what is needed.</summary>
    public string Problem { get; } = problem;
}
