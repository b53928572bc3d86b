namespace RenderFarm.Diffusion.Noise;

/// <summary>
/// Normal noise equal to <c>torch.randn</c> on an NVIDIA GPU, as stable-diffusion-webui's "NV" source computes it on any host:
/// Philox4x32-10 (Salmon et al., SC 2011; constants as there) with the seed as key and (draw, 0, index, 0) as counter, and the sine half of Box-Muller.
/// </summary>
public sealed class PhiloxRandom(long seed) : INoiseSource
{
    private const int Rounds = 10;

    // CUDA's own constants, in its float precision.
    private const double TwoToMinus32 = 2.3283064e-10f;
    private const double TwoPiToMinus32 = 2.3283064e-10f * 6.2831855f;

    private uint _draw;

    public void FillNormal(Span<float> values)
    {
        for (var i = 0; i < values.Length; i++)
        {
            var (x, y) = Block(_draw, (uint)i);
            var radius = Math.Sqrt(-2 * Math.Log((x * TwoToMinus32) + (TwoToMinus32 / 2)));
            values[i] = (float)(radius * Math.Sin((y * TwoPiToMinus32) + (TwoPiToMinus32 / 2)));
        }

        _draw++;
    }

    private (uint First, uint Second) Block(uint draw, uint index)
    {
        var (key0, key1) = (unchecked((uint)seed), unchecked((uint)(seed >> 32)));
        var (c0, c1, c2, c3) = (draw, 0u, index, 0u);
        for (var round = 0; round < Rounds; round++)
        {
            var (left, right) = (c0 * 0xD2511F53ul, c2 * 0xCD9E8D57ul);
            (c0, c1, c2, c3) = ((uint)(right >> 32) ^ c1 ^ key0, (uint)right, (uint)(left >> 32) ^ c3 ^ key1, (uint)left);
            key0 = unchecked(key0 + 0x9E3779B9);
            key1 = unchecked(key1 + 0xBB67AE85);
        }

        return (c0, c1);
    }
}
