using System.Text;

namespace RenderFarm.Worker.Rendering.Supervision;

/// <summary>The end of what a process wrote to standard error.</summary>
/// <param name="kept">Bytes that are kept.</param>
internal sealed class StderrTail(int kept = StderrTail.Most)
{
    /// <summary>What a lease's evidence may hold.</summary>
    public const int Most = 8 << 10;

    private readonly Lock _lock = new();
    private readonly List<byte> _bytes = [];

    public void Add(ReadOnlySpan<byte> written)
    {
        lock (_lock)
        {
            _bytes.AddRange(written);
            if (_bytes.Count > kept)
            {
                _bytes.RemoveRange(0, _bytes.Count - kept);
            }
        }
    }

    /// <summary>Forgets what was written so far: it belongs to earlier batches.</summary>
    public void Clear()
    {
        lock (_lock)
        {
            _bytes.Clear();
        }
    }

    /// <summary>As text that databases take: a character that was cut in two is left out, and zeros are.</summary>
    public override string ToString()
    {
        lock (_lock)
        {
            var rest = _bytes.SkipWhile(octet => (octet & 0xC0) == 0x80).ToArray();
            return Encoding.UTF8.GetString(rest).Replace("\0", "", StringComparison.Ordinal);
        }
    }
}
