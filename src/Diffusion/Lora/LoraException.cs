namespace RenderFarm.Diffusion.Lora;

/// <summary>A LoRA that does not fit the model, or is of a kind that is not supported: which file, what is wrong, by which keys.</summary>
public sealed class LoraException(string file, string problem, IReadOnlyList<string> keys)
    : Exception($"The LoRA '{file}' cannot be used: {problem} {string.Join(", ", keys.Take(Listed))}{(keys.Count > Listed ? $" and {keys.Count - Listed} more" : "")}.")
{
    private const int Listed = 20;

    /// <summary>The LoRA's file.</summary>
    public string File { get; } = file;

    /// <summary>What is wrong.</summary>
    public string Problem { get; } = problem;

    /// <summary>All keys of the file that this is about.</summary>
    public IReadOnlyList<string> Keys { get; } = keys;
}
