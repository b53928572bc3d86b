namespace RenderFarm.Diffusion.Resizing;

/// <summary>A symmetric filter: how much a place counts by its distance from the centre, and how far it reaches.</summary>
internal sealed record ResampleFilter(double Support, Func<double, double> Weight)
{
    // Pillow and torch's antialiased filter take the constant of Catmull and Rom.
    private const double CatmullRom = -0.5;

    /// <summary>sinc(x) * sinc(x / 3), Duchon 1979.</summary>
    public static ResampleFilter Lanczos { get; } = new(3, x => Math.Abs(x) < 3 ? Sinc(x) * Sinc(x / 3) : 0);

    public static ResampleFilter Triangle { get; } = new(1, x => Math.Max(0, 1 - Math.Abs(x)));

    public static ResampleFilter Bicubic { get; } = new(2, x => Cubic(x, CatmullRom));

    /// <summary>Keys 1981, equation 4 with a for the free constant.</summary>
    public static double Cubic(double x, double a) => Math.Abs(x) switch
    {
        < 1 and var near => ((((a + 2) * near) - (a + 3)) * near * near) + 1,
        < 2 and var far => (((((far - 5) * far) + 8) * far) - 4) * a,
        _ => 0,
    };

    private static double Sinc(double x) => x == 0 ? 1 : Math.Sin(Math.PI * x) / (Math.PI * x);
}
