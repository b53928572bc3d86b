namespace RenderFarm.Diffusion.Noise;

/// <summary>
/// All noise of one picture: the first noise, which the options shape as stable-diffusion-webui's do, and what samplers draw after it.
/// </summary>
internal sealed class RequestNoise(ImageRequest request, int channels, int latentFactor) : INoiseSource
{
    private readonly NoiseOptions _options = request.Noise;
    private INoiseSource _source = Source(request, request.Seed);

    /// <summary>A source of the request's kind at the start of a seed.</summary>
    public static INoiseSource Source(ImageRequest request, long seed) => request.Noise.Source switch
    {
        NoiseSourceNames.Cpu => new TorchRandom(seed),
        NoiseSourceNames.Nv => new PhiloxRandom(seed),
        var other => throw new InvalidOperationException($"The noise source '{other}' passed the request's check."),
    };

    public void FillNormal(Span<float> values) => _source.FillNormal(values);

    /// <summary>The noise that the path begins with, [channels, height, width].</summary>
    public float[] First()
    {
        var size = new LatentSize(channels, request.Height / latentFactor, request.Width / latentFactor);
        var noise = Draw(_source, size);

        // 1. The picture that is to be kept has noise of its own size, from the start of the seed.
        var isResized = _options.ResizeFromHeight > 0 && _options.ResizeFromWidth > 0;
        var keptSize = isResized ? size with { Height = _options.ResizeFromHeight / latentFactor, Width = _options.ResizeFromWidth / latentFactor } : size;
        var kept = keptSize == size ? noise : Draw(Source(request, request.Seed), keptSize);

        // 2. The variation turns it.
        if (_options.VariationStrength > 0)
        {
            Slerp.Towards(kept, Draw(Source(request, _options.VariationSeed), keptSize), _options.VariationStrength, keptSize);
        }

        // 3. It comes into the middle.
        if (keptSize != size)
        {
            Center(kept, keptSize, noise, size);
        }

        // 4. What follows may have a seed of its own.
        if (_options.EtaSeedDelta != 0)
        {
            _source = Source(request, unchecked(request.Seed + _options.EtaSeedDelta));
        }

        return noise;
    }

    private static float[] Draw(INoiseSource source, LatentSize size)
    {
        var noise = new float[size.Length];
        source.FillNormal(noise);
        return noise;
    }

    /// <summary>Copies the middle of one latent to the middle of another; where the margins are odd, they are rounded down.</summary>
    private static void Center(float[] from, LatentSize fromSize, float[] to, LatentSize toSize)
    {
        var (fromLeft, toLeft, width) = Overlap(fromSize.Width, toSize.Width);
        var (fromTop, toTop, height) = Overlap(fromSize.Height, toSize.Height);
        for (var channel = 0; channel < toSize.Channels; channel++)
        {
            for (var y = 0; y < height; y++)
            {
                from.AsSpan(fromSize.Offset(channel, fromTop + y, fromLeft), width).CopyTo(to.AsSpan(toSize.Offset(channel, toTop + y, toLeft)));
            }
        }
    }

    private static (int From, int To, int Length) Overlap(int from, int to)
    {
        var margin = (to - from) >> 1;
        return margin >= 0 ? (0, margin, from) : (-margin, 0, from + (2 * margin));
    }
}

/// <summary>The size of a latent, [channels, height, width].</summary>
internal readonly record struct LatentSize(int Channels, int Height, int Width)
{
    public int Length => Channels * Height * Width;

    public int Offset(int channel, int y, int x) => (((channel * Height) + y) * Width) + x;
}
