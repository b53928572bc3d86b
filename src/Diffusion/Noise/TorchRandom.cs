namespace RenderFarm.Diffusion.Noise;

/// <summary>
/// Normal noise equal to <c>torch.randn</c> on a CPU generator: MT19937 seeded with the low 32 bits, Box-Muller over it.
/// From 16 values on torch fills blocks of 16 from 24-bit uniforms; below that it draws pairs from 53-bit uniforms and keeps
/// the second of a pair for the next draw.
/// Matsumoto, Nishimura: Mersenne Twister, ACM TOMACS 8 (1998); N = 624, M = 397, A and the tempering masks as there.
/// </summary>
public sealed class TorchRandom : INoiseSource
{
    private const int N = 624;
    private const int M = 397;
    private const int Block = 16;

    private readonly uint[] _state = new uint[N];
    private int _next = N;
    private double? _second;

    public TorchRandom(long seed)
    {
        _state[0] = unchecked((uint)seed);
        for (var i = 1u; i < N; i++)
        {
            _state[i] = (1812433253u * (_state[i - 1] ^ (_state[i - 1] >> 30))) + i;
        }
    }

    /// <summary>Fills the span with the next draw of its length.</summary>
    public void FillNormal(Span<float> values)
    {
        if (values.Length < Block)
        {
            foreach (ref var value in values)
            {
                value = (float)NextNormal();
            }

            return;
        }

        FillUniform(values);
        for (var start = 0; start <= values.Length - Block; start += Block)
        {
            BoxMuller(values.Slice(start, Block));
        }

        if (values.Length % Block != 0)
        {
            // The tail is a whole block again, drawn anew over the last 16 values.
            var tail = values[^Block..];
            FillUniform(tail);
            BoxMuller(tail);
        }
    }

    private static void BoxMuller(Span<float> block)
    {
        for (var j = 0; j < Block / 2; j++)
        {
            var radius = Math.Sqrt(-2 * Math.Log(1 - block[j]));
            var (sin, cos) = Math.SinCos(2 * Math.PI * block[j + 8]);
            block[j] = (float)(radius * cos);
            block[j + 8] = (float)(radius * sin);
        }
    }

    private void FillUniform(Span<float> values)
    {
        foreach (ref var value in values)
        {
            value = (NextUInt32() & 0xffffff) * (1f / (1 << 24));
        }
    }

    private double NextNormal()
    {
        if (_second is { } kept)
        {
            _second = null;
            return kept;
        }

        var angle = 2 * Math.PI * NextUniform();
        var radius = Math.Sqrt(-2 * Math.Log(1 - NextUniform()));
        _second = radius * Math.Sin(angle);
        return radius * Math.Cos(angle);
    }

    private double NextUniform()
    {
        var high = (ulong)NextUInt32() << 32;
        return ((high | NextUInt32()) & ((1ul << 53) - 1)) * (1.0 / (1ul << 53));
    }

    private uint NextUInt32()
    {
        if (_next == N)
        {
            Twist();
        }

        var y = _state[_next++];
        y ^= y >> 11;
        y ^= (y << 7) & 0x9d2c5680;
        y ^= (y << 15) & 0xefc60000;
        return y ^ (y >> 18);
    }

    private void Twist()
    {
        for (var i = 0; i < N; i++)
        {
            var y = (_state[i] & 0x80000000) | (_state[(i + 1) % N] & 0x7fffffff);
            _state[i] = _state[(i + M) % N] ^ (y >> 1) ^ ((y & 1) == 0 ? 0 : 0x9908b0df);
        }

        _next = 0;
    }
}
