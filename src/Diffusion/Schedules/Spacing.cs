namespace RenderFarm.Diffusion.Schedules;

/// <summary>Which of the T trained timesteps the n steps visit, from noise to image. Lin et al., arXiv:2305.08891, table 2.</summary>
internal static class Spacing
{
    /// <summary>n timesteps that include the first trained one; "linspace" may fall between two.</summary>
    public static double[] Inclusive(string spacing, int trained, int steps, int offset) => spacing switch
    {
        "linspace" => Linspace(trained - 1, steps),
        "leading" => Leading(trained / steps, steps, offset),
        "trailing" => Trailing(trained, steps),
        _ => throw Unknown(spacing),
    };

    /// <summary>The upper n of n + 1 whole timesteps, as multistep solvers that end at sigma zero use.</summary>
    public static double[] Exclusive(string spacing, int trained, int steps, int offset) => spacing switch
    {
        "linspace" => [.. Linspace(trained - 1, steps + 1)[..steps].Select(t => Math.Round(t))],
        "leading" => Leading(trained / (steps + 1), steps + 1, offset)[..steps],
        "trailing" => Trailing(trained, steps),
        _ => throw Unknown(spacing),
    };

    private static double[] Linspace(double last, int count)
    {
        var stride = count > 1 ? last / (count - 1) : 0;
        return [.. Enumerable.Range(0, count).Select(i => i == 0 && count > 1 ? last : (count - 1 - i) * stride)];
    }

    private static double[] Leading(int stride, int count, int offset) =>
        [.. Enumerable.Range(0, count).Select(i => (double)(((count - 1 - i) * stride) + offset))];

    private static double[] Trailing(int trained, int steps)
    {
        // numpy's arange steps by the difference of its first two values, whose rounding decides where the exact value ends in a half.
        var stride = trained - ((double)trained / steps) - trained;
        return [.. Enumerable.Range(0, steps).Select(i => Math.Round(trained + (i * stride)) - 1)];
    }

    private static InvalidOperationException Unknown(string spacing) => new($"The spacing '{spacing}' passed the config's check.");
}
