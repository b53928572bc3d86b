namespace RenderFarm.Diffusion.Resizing;

/// <summary>How a picture of another shape is brought to the size of a request.</summary>
public enum ResizeMode
{
    /// <summary>Stretched to the size.</summary>
    Stretch,

    /// <summary>Enlarged until it covers the size; what lies over is cut off on both sides.</summary>
    Crop,

    /// <summary>Made to fit inside; what is missing on both sides is filled with the edges.</summary>
    Fill,
}
