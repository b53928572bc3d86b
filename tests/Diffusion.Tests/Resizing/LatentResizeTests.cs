using RenderFarm.Diffusion.Resizing;

namespace RenderFarm.Diffusion.Tests.Resizing;

/// <summary>Against values worked out by hand from the formulas that torch documents; "Bilinear" and "Nearest" of 2 x 2 are the examples in its manual.</summary>
public sealed class LatentResizeTests
{
    [Fact]
    public void Bilinear_is_as_in_the_manual() => Assert.Equal(
        [1, 1.25f, 1.75f, 2, 1.5f, 1.75f, 2.25f, 2.5f, 2.5f, 2.75f, 3.25f, 3.5f, 3, 3.25f, 3.75f, 4],
        LatentResize.Resize([1, 2, 3, 4], (2, 2), (4, 4), LatentResampling.Bilinear));

    [Fact]
    public void Nearest_is_as_in_the_manual() => Assert.Equal(
        [1, 1, 2, 2, 1, 1, 2, 2, 3, 3, 4, 4, 3, 3, 4, 4],
        LatentResize.Resize([1, 2, 3, 4], (2, 2), (4, 4), LatentResampling.Nearest));

    [Theory]
    [InlineData("Nearest", new float[] { 1, 2, 3, 4, 5 }, new float[] { 1, 2, 4 })]
    [InlineData("NearestExact", new float[] { 1, 2, 3, 4, 5 }, new float[] { 1, 3, 5 })]
    [InlineData("Bicubic", new float[] { 1, 2 }, new float[] { 0.89453125f, 1.2265625f, 1.7734375f, 2.10546875f })]
    [InlineData("Bicubic", new float[] { 0, 4, 8, 0 }, new float[] { -0.34722222f, 1.625f, 5.06018519f, 8.18981481f, 4.375f, -0.69444444f })]
    [InlineData("Bicubic", new float[] { 1, 2, 4, 8 }, new float[] { 1.3125f, 6.1875f })]
    [InlineData("BicubicAntialiased", new float[] { 1, 2 }, new float[] { 0.91176471f, 1.20714286f, 1.79285714f, 2.08823529f })]
    [InlineData("BicubicAntialiased", new float[] { 1, 2, 4, 8 }, new float[] { 1.55785124f, 5.70661157f })]
    [InlineData("BilinearAntialiased", new float[] { 1, 2 }, new float[] { 1, 1.25f, 1.75f, 2 })]
    [InlineData("BilinearAntialiased", new float[] { 1, 2, 4, 8 }, new float[] { 1.85714286f, 5.42857143f })]
    [InlineData("Bilinear", new float[] { 1, 2, 4, 8 }, new float[] { 1.5f, 6 })]
    public void A_line_is_resized_the_same_across_and_down(string resampling, float[] from, float[] expected)
    {
        var way = Enum.Parse<LatentResampling>(resampling);

        AssertClose(expected, LatentResize.Resize(from, (1, from.Length), (1, expected.Length), way));
        AssertClose(expected, LatentResize.Resize(from, (from.Length, 1), (expected.Length, 1), way));
    }

    [Fact]
    public void Planes_are_resized_each_by_itself()
    {
        var resized = LatentResize.Resize([1, 2, 10, 20], (1, 2), (1, 4), LatentResampling.Bilinear);

        AssertClose([1, 1.25f, 1.75f, 2, 10, 12.5f, 17.5f, 20], resized);
    }

    private static void AssertClose(float[] expected, float[] actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (var i = 0; i < expected.Length; i++)
        {
            Assert.Equal(expected[i], actual[i], 2e-6f);
        }
    }
}
