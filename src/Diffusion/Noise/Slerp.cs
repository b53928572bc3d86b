namespace RenderFarm.Diffusion.Noise;

/// <summary>
/// Spherical interpolation (Shoemake, SIGGRAPH 1985), sin((1 - t) w) / sin(w) a + sin(t w) / sin(w) b, w being the angle between a and b:
/// stable-diffusion-webui's, which turns each column of each channel by itself.
/// </summary>
internal static class Slerp
{
    // Above this mean cosine webui takes the line between a and b instead, with t at a.
    private const double NearlyParallel = 0.9995;

    /// <summary>Turns the latent towards another, in place.</summary>
    public static void Towards(float[] latent, float[] other, double t, LatentSize size)
    {
        var cosines = new double[size.Channels * size.Width];
        for (var column = 0; column < cosines.Length; column++)
        {
            cosines[column] = Cosine(latent, other, Start(column, size), size);
        }

        var isLine = cosines.Average() > NearlyParallel;
        for (var column = 0; column < cosines.Length; column++)
        {
            var (keep, take) = isLine ? (t, 1 - t) : Weights(cosines[column], t);
            for (var (y, i) = (0, Start(column, size)); y < size.Height; y++, i += size.Width)
            {
                latent[i] = (float)((keep * latent[i]) + (take * other[i]));
            }
        }
    }

    private static int Start(int column, LatentSize size) => size.Offset(column / size.Width, 0, column % size.Width);

    private static (double Keep, double Take) Weights(double cosine, double t)
    {
        var angle = Math.Acos(Math.Clamp(cosine, -1, 1));
        var sine = Math.Sin(angle);

        // Columns that lie on one line have no plane to turn in.
        return sine == 0 ? (1 - t, t) : (Math.Sin((1 - t) * angle) / sine, Math.Sin(t * angle) / sine);
    }

    private static double Cosine(float[] a, float[] b, int start, LatentSize size)
    {
        var (product, squareA, squareB) = (0.0, 0.0, 0.0);
        for (var (y, i) = (0, start); y < size.Height; y++, i += size.Width)
        {
            product += (double)a[i] * b[i];
            squareA += (double)a[i] * a[i];
            squareB += (double)b[i] * b[i];
        }

        return product / Math.Sqrt(squareA * squareB);
    }
}
