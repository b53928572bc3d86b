namespace RenderFarm.Diffusion.Schedules;

/// <summary>
/// Karras et al., arXiv:2206.00364, equation 5: sigma_i = (max^(1/rho) + i / (n - 1) * (min^(1/rho) - max^(1/rho)))^rho, rho = 7.
/// </summary>
internal static class KarrasSchedule
{
    private const double Rho = 7;

    public static double[] Sigmas(double smallest, double largest, int steps)
    {
        var from = Math.Pow(largest, 1 / Rho);
        var to = Math.Pow(smallest, 1 / Rho);
        return [.. Enumerable.Range(0, steps).Select(i => Math.Pow(from + ((steps > 1 ? (double)i / (steps - 1) : 0) * (to - from)), Rho))];
    }
}
