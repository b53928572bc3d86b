using RenderFarm.Diffusion.Lora.Merging;

namespace RenderFarm.Diffusion.Tests.Lora.Merging;

public sealed class LowRankTests
{
    private const int Out = 5;
    private const int In = 7;
    private const int Rank = 3;

    private static readonly float[] Up = Wave(Out * Rank, 0.3f);
    private static readonly float[] Down = Wave(Rank * In, 0.7f);

    [Fact]
    public void The_product_is_added_in_either_layout()
    {
        var weight = Wave(Out * In, 0.11f);
        var transposed = new float[Out * In];
        var expected = new float[Out * In];
        for (var o = 0; o < Out; o++)
        {
            for (var i = 0; i < In; i++)
            {
                transposed[(i * Out) + o] = weight[(o * In) + i];
                expected[(o * In) + i] = weight[(o * In) + i] + (0.5f * Enumerable.Range(0, Rank).Sum(k => Up[(o * Rank) + k] * Down[(k * In) + i]));
            }
        }

        LowRank.Add(weight, Up, Down, Rank, 0.5f);
        LowRank.AddTransposed(transposed, Up, Down, Rank, 0.5f);

        Differences.AssertWithin(1e-6, expected, weight);
        Differences.AssertWithin(1e-6, expected, [.. Enumerable.Range(0, Out * In).Select(at => transposed[(at % In * Out) + (at / In)])]);
    }

    [Fact]
    public void A_kernel_in_the_middle_spreads_down_over_its_places()
    {
        const int Kernel = 4;
        var mid = Wave(Rank * Rank * Kernel, 0.19f);

        var result = LowRank.WithMid(Down, mid, Rank);

        Assert.Equal(Rank * In * Kernel, result.Length);
        for (var at = 0; at < result.Length; at++)
        {
            var (m, i, k) = (at / (In * Kernel), at / Kernel % In, at % Kernel);
            Assert.Equal(Enumerable.Range(0, Rank).Sum(n => mid[(((m * Rank) + n) * Kernel) + k] * Down[(n * In) + i]), result[at], 1e-6f);
        }
    }

    private static float[] Wave(int count, float step) => [.. Enumerable.Range(0, count).Select(i => MathF.Sin(1 + (i * step)))];
}
