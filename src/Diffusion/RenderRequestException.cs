namespace RenderFarm.Diffusion;

/// <summary>A request that cannot be rendered as it is: which field, what was given, what is allowed.</summary>
public sealed class RenderRequestException(string field, string given, string allowed)
    : Exception($"{field} is {given}; allowed is {allowed}.")
{
    /// <summary>The property of the request.</summary>
    public string Field { get; } = field;

    public string Given { get; } = given;

    public string Allowed { get; } = allowed;
}
