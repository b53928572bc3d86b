namespace RenderFarm.Diffusion.Resizing;

/// <summary>How a latent is enlarged, by the name that torch has for it; antialiased ones differ only where it is made smaller, or bicubic.</summary>
internal enum LatentResampling
{
    Nearest,
    NearestExact,
    Bilinear,
    BilinearAntialiased,
    Bicubic,
    BicubicAntialiased,
}
