using Microsoft.ML.OnnxRuntime;
using RenderFarm.Diffusion.Models;
using RenderFarm.Diffusion.Runtime;

namespace RenderFarm.Diffusion.Text;

/// <summary>Prompts to conditioning: tokens, then the text network, whose answers are kept for the next picture.</summary>
internal sealed class TextEncoder : IDisposable
{
    private readonly ModelFolder _model;
    private readonly NetworkSession _session;
    private readonly TextCache _cache;
    private readonly PinnedTensor<long>? _ids64;
    private readonly PinnedTensor<int>? _ids32;
    private readonly TensorSet _input;

    public TextEncoder(ModelFolder model, NetworkSession session, int cacheEntries)
    {
        _model = model;
        _session = session;
        _cache = new TextCache(cacheEntries);
        OrtValue ids;
        if (model.Parts.InputIds.Element == OnnxElement.Int64)
        {
            _ids64 = new PinnedTensor<long>(1, model.Parts.Text.Length);
            ids = _ids64.Value;
        }
        else
        {
            _ids32 = new PinnedTensor<int>(1, model.Parts.Text.Length);
            ids = _ids32.Value;
        }

        _input = new TensorSet([NetworkFiles.InputIds], [ids]);
    }

    /// <summary>How often the network ran; prompts from the cache do not count.</summary>
    public long Runs { get; private set; }

    public Conditioning Encode(string prompt, int clipSkip, RunOptions options, CancellationToken ct)
    {
        var key = new TextKey(_model.Parts.Tokenizer.Encode(prompt), clipSkip);
        if (_cache.Find(key) is { } known)
        {
            return known;
        }

        for (var i = 0; i < key.Tokens.Length; i++)
        {
            if (_ids64 is not null)
            {
                _ids64.Span[i] = key.Tokens[i];
            }
            else
            {
                _ids32!.Span[i] = key.Tokens[i];
            }
        }

        // Clip skip k reads the k-th layer from the end through the final norm; 0 is the network's own last output.
        var output = clipSkip == 0 ? NetworkFiles.LastHiddenState : NetworkFiles.NormedHiddenState(_model.Parts.Text.Layers - clipSkip);
        using var hidden = new PinnedTensor<float>(1, _model.Parts.Text.Length, _model.Parts.Text.Width);
        _session.Run(options, _input, new TensorSet([output], [hidden.Value]), ct);
        Runs++;
        var encoded = new Conditioning(hidden.Span.ToArray(), _model.Parts.Text.Length);
        _cache.Add(key, encoded);
        return encoded;
    }

    public void Dispose()
    {
        _ids64?.Dispose();
        _ids32?.Dispose();
        _session.Dispose();
    }
}
