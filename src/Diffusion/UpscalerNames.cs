namespace RenderFarm.Diffusion;

/// <summary>The upscalers by the names that stable-diffusion-webui has for them.</summary>
public static class UpscalerNames
{
    public const string Latent = "Latent";
    public const string LatentAntialiased = "Latent (antialiased)";
    public const string LatentBicubic = "Latent (bicubic)";
    public const string LatentBicubicAntialiased = "Latent (bicubic antialiased)";
    public const string LatentNearest = "Latent (nearest)";
    public const string LatentNearestExact = "Latent (nearest-exact)";

    /// <summary>On the decoded picture, which is then encoded again.</summary>
    public const string Lanczos = "Lanczos";

    /// <summary>On the decoded picture, which is then encoded again.</summary>
    public const string Nearest = "Nearest";

    public static IReadOnlyList<string> All { get; } =
        [Latent, LatentAntialiased, LatentBicubic, LatentBicubicAntialiased, LatentNearest, LatentNearestExact, Lanczos, Nearest];
}
