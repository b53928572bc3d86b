namespace RenderFarm.Diffusion.Images;

/// <summary>A picture that cannot be taken in: what about it, what was given, what is allowed.</summary>
public sealed class InputImageException(string what, string given, string allowed)
    : Exception($"The picture's {what} is {given}; allowed is {allowed}.")
{
    /// <summary>The property of the picture.</summary>
    public string What { get; } = what;

    public string Given { get; } = given;

    public string Allowed { get; } = allowed;
}
