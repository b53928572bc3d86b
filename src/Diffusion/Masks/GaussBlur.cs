namespace RenderFarm.Diffusion.Masks;

/// <summary>Blurs bytes by a Gauss curve cut at 2.5 sigma; beyond the edge the picture goes on mirrored about its last pixel.</summary>
internal static class GaussBlur
{
    private const double Reach = 2.5;
    private const double MaxSigma = 256;

    public static byte[] Blur(ReadOnlySpan<byte> values, int width, int height, double sigmaX, double sigmaY)
    {
        CheckSigma(nameof(sigmaX), sigmaX);
        CheckSigma(nameof(sigmaY), sigmaY);
        var blurred = values.ToArray();
        Along(blurred, count: width, step: 1, lines: height, apart: width, sigmaX);
        Along(blurred, count: height, step: width, lines: width, apart: 1, sigmaY);
        return blurred;
    }

    private static void CheckSigma(string name, double sigma)
    {
        if (!(sigma >= 0 && sigma <= MaxSigma))
        {
            throw new RenderRequestException(name, FormattableString.Invariant($"{sigma}"), $"0 to {MaxSigma}");
        }
    }

    private static void Along(byte[] values, int count, int step, int lines, int apart, double sigma)
    {
        var radius = (int)((Reach * sigma) + 0.5);
        if (radius == 0)
        {
            return;
        }

        var weights = Weights(radius, sigma);
        var line = new byte[count];
        for (var start = 0; start < lines * apart; start += apart)
        {
            for (var i = 0; i < count; i++)
            {
                line[i] = values[start + (i * step)];
            }

            for (var i = 0; i < count; i++)
            {
                var sum = 0.0;
                for (var tap = -radius; tap <= radius; tap++)
                {
                    sum += weights[tap + radius] * line[Mirrored(i + tap, count)];
                }

                values[start + (i * step)] = (byte)Math.Round(sum);
            }
        }
    }

    private static double[] Weights(int radius, double sigma)
    {
        double[] weights = [.. Enumerable.Range(-radius, (2 * radius) + 1).Select(x => Math.Exp(-x * x / (2 * sigma * sigma)))];
        var sum = weights.Sum();
        return Array.ConvertAll(weights, weight => weight / sum);
    }

    private static int Mirrored(int at, int count)
    {
        if (count == 1)
        {
            return 0;
        }

        var period = 2 * (count - 1);
        var inside = ((at % period) + period) % period;
        return inside < count ? inside : period - inside;
    }
}
