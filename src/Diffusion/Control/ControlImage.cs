using RenderFarm.Diffusion.Images;

namespace RenderFarm.Diffusion.Control;

/// <summary>A picture that guides what is drawn where, by the model's ControlNet: edges, depth, a pose, whatever that network was trained on.</summary>
public sealed record ControlImage
{
    /// <summary>Resized to the picture's size where it has another.</summary>
    public required InputImage Image { get; init; }

    /// <summary>How strongly it guides; 0 is not at all.</summary>
    public double Scale { get; init; } = 1;

    /// <summary>The share of the steps after which it begins, from 0.</summary>
    public double Start { get; init; }

    /// <summary>The share of the steps after which it ends, up to 1.</summary>
    public double End { get; init; } = 1;
}
