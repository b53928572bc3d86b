using RenderFarm.Diffusion.Noise;

namespace RenderFarm.Diffusion.Tests.Noise;

public sealed class RequestNoiseTests
{
    private const int Channels = 4;
    private const int Factor = 8;
    private static readonly LatentSize Size = new(Channels, 8, 6);

    [Theory]
    [InlineData("cpu")]
    [InlineData("nv")]
    public void The_first_noise_is_the_sources_and_the_next_goes_on(string source)
    {
        var noise = Noise(new() { Source = source });
        var (first, next) = (noise.First(), new float[Size.Length]);
        noise.FillNormal(next);

        INoiseSource plain = source == "nv" ? new PhiloxRandom(5) : new TorchRandom(5);
        Assert.Equal(Draw(plain), first);
        Assert.Equal(Draw(plain), next);
    }

    [Fact]
    public void A_variation_turns_each_column_by_its_share_of_the_angle_and_keeps_its_length_between_both()
    {
        const double Strength = 0.3;
        var varied = Noise(new() { VariationSeed = 9, VariationStrength = Strength }).First();

        var (own, other) = (Draw(new TorchRandom(5)), Draw(new TorchRandom(9)));
        for (var channel = 0; channel < Channels; channel++)
        {
            for (var x = 0; x < Size.Width; x++)
            {
                var (a, b, c) = (Column(own, channel, x), Column(other, channel, x), Column(varied, channel, x));
                var angle = Math.Acos(Dot(a, b) / Math.Sqrt(Dot(a, a) * Dot(b, b)));
                for (var y = 0; y < Size.Height; y++)
                {
                    var expected = ((Math.Sin((1 - Strength) * angle) * a[y]) + (Math.Sin(Strength * angle) * b[y])) / Math.Sin(angle);
                    Assert.Equal(expected, c[y], 1e-5);
                }
            }
        }
    }

    [Fact]
    public void A_variation_of_no_strength_is_the_seeds_own_and_of_full_strength_the_variations()
    {
        Assert.Equal(Draw(new TorchRandom(5)), Noise(new() { VariationSeed = 9, VariationStrength = 0 }).First());

        Differences.AssertWithin(1e-6, Draw(new TorchRandom(9)), Noise(new() { VariationSeed = 9, VariationStrength = 1 }).First());
    }

    [Fact]
    public void Nearly_parallel_noise_is_taken_along_the_line_with_the_strength_at_the_seeds_own()
    {
        var own = Draw(new TorchRandom(5));
        float[] other = [.. own.Select(value => 2 * value)];
        var turned = own.ToArray();

        Slerp.Towards(turned, other, 0.25, Size);

        Differences.AssertWithin(1e-6, [.. own.Select(value => (0.25f * value) + (0.75f * 2 * value))], turned);
    }

    // The first noise is 8 rows of 6 columns; a margin of an odd number is rounded down, below zero too.
    [Theory]
    [InlineData(4, 2, 0, 0, 2, 2, 4, 2)]
    [InlineData(5, 3, 0, 0, 1, 1, 5, 3)]
    [InlineData(12, 10, 2, 2, 0, 0, 8, 6)]
    [InlineData(3, 9, 0, 2, 2, 0, 3, 5)]
    public void The_noise_of_the_picture_to_be_kept_lies_in_the_middle(
        int keptHeight, int keptWidth, int fromTop, int fromLeft, int toTop, int toLeft, int rows, int columns)
    {
        var resized = Noise(new() { ResizeFromHeight = keptHeight * Factor, ResizeFromWidth = keptWidth * Factor }).First();

        var keptSize = new LatentSize(Channels, keptHeight, keptWidth);
        var (kept, expected) = (new float[keptSize.Length], Draw(new TorchRandom(5)));
        new TorchRandom(5).FillNormal(kept);
        for (var channel = 0; channel < Channels; channel++)
        {
            for (var (y, x) = (0, 0); y < rows; (y, x) = x < columns - 1 ? (y, x + 1) : (y + 1, 0))
            {
                expected[Size.Offset(channel, toTop + y, toLeft + x)] = kept[keptSize.Offset(channel, fromTop + y, fromLeft + x)];
            }
        }

        Assert.Equal(expected, resized);
    }

    [Fact]
    public void A_seed_delta_changes_all_noise_but_the_first()
    {
        var noise = Noise(new() { EtaSeedDelta = 31337 });
        var (first, next) = (noise.First(), new float[Size.Length]);
        noise.FillNormal(next);

        Assert.Equal(Draw(new TorchRandom(5)), first);
        Assert.Equal(Draw(new TorchRandom(5 + 31337)), next);
    }

    private static RequestNoise Noise(NoiseOptions options) =>
        new(new() { Prompt = "", Width = Size.Width * Factor, Height = Size.Height * Factor, Seed = 5, Noise = options }, Channels, Factor);

    private static float[] Draw(INoiseSource source)
    {
        var values = new float[Size.Length];
        source.FillNormal(values);
        return values;
    }

    private static float[] Column(float[] latent, int channel, int x) => [.. Enumerable.Range(0, Size.Height).Select(y => latent[Size.Offset(channel, y, x)])];

    private static double Dot(float[] a, float[] b) => a.Zip(b, (one, other) => (double)one * other).Sum();
}
