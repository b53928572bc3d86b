using Microsoft.ML.OnnxRuntime;
using RenderFarm.Diffusion.Models;
using RenderFarm.Diffusion.Runtime;

namespace RenderFarm.Diffusion.Text;

/// <summary>One text network: a window of tokens to conditioning. Its answers are kept for the next picture.</summary>
internal sealed class TextEncoder : IDisposable
{
    private readonly TextParts _parts;
    private readonly NetworkSession _session;
    private readonly TextCache _cache;
    private readonly OnnxValue? _pooled;
    private readonly PinnedTensor<long>? _ids64;
    private readonly PinnedTensor<int>? _ids32;
    private readonly TensorSet _input;

    /// <summary>Takes over the session.</summary>
    public TextEncoder(TextParts parts, NetworkSession session, int cacheEntries)
    {
        _parts = parts;
        _session = session;
        _cache = new TextCache(cacheEntries);
        _pooled = parts.IsPooled ? parts.Pooled : null;
        OrtValue ids;
        if (parts.InputIds.Element == OnnxElement.Int64)
        {
            _ids64 = new PinnedTensor<long>(1, parts.Config.Length);
            ids = _ids64.Value;
        }
        else
        {
            _ids32 = new PinnedTensor<int>(1, parts.Config.Length);
            ids = _ids32.Value;
        }

        _input = new TensorSet([NetworkFiles.InputIds], [ids]);
    }

    /// <summary>How often the network ran; texts from the cache do not count.</summary>
    public long Runs { get; private set; }

    /// <summary>Encodes one window: as many tokens as the network takes.</summary>
    public Conditioning Encode(int[] tokens, int clipSkip, RunOptions options, CancellationToken ct)
    {
        var key = new TextKey(tokens, clipSkip);
        if (_cache.Find(key) is { } known)
        {
            return known;
        }

        for (var i = 0; i < tokens.Length; i++)
        {
            if (_ids64 is not null)
            {
                _ids64.Span[i] = tokens[i];
            }
            else
            {
                _ids32!.Span[i] = tokens[i];
            }
        }

        var encoded = Run(_parts.HiddenOutput(clipSkip), options, ct);
        Runs++;
        _cache.Add(key, encoded);
        return encoded;
    }

    public void Dispose()
    {
        _ids64?.Dispose();
        _ids32?.Dispose();
        _session.Dispose();
    }

    private Conditioning Run(string output, RunOptions options, CancellationToken ct)
    {
        using var hidden = new PinnedTensor<float>(1, _parts.Config.Length, _parts.Config.Width);
        using var pooled = _pooled is null ? null : new PinnedTensor<float>(1, _parts.Config.PooledWidth);
        var outputs = pooled is null
            ? new TensorSet([output], [hidden.Value])
            : new TensorSet([output, _pooled!.Name], [hidden.Value, pooled.Value]);
        _session.Run(options, _input, outputs, ct);
        return new Conditioning(hidden.Span.ToArray(), _parts.Config.Length, pooled?.Span.ToArray());
    }
}
