using Microsoft.ML.OnnxRuntime;
using RenderFarm.Diffusion.Models;

namespace RenderFarm.Diffusion.Text;

/// <summary>Prompts to conditioning, by all text encoders of a model. Takes over the encoders.</summary>
internal sealed class PromptEncoder(ModelParts parts, IReadOnlyList<TextEncoder> encoders) : IDisposable
{
    /// <summary>The same encoders for prompts in another syntax.</summary>
    public WebuiPromptEncoder Webui { get; } = new(parts, encoders);

    /// <summary>How often a text network ran; prompts from the cache do not count.</summary>
    public long Runs => encoders.Sum(encoder => encoder.Runs);

    /// <summary>What to draw. The second text is for the second encoder and is the first one where it is null.</summary>
    public Conditioning Encode(string prompt, string? prompt2, int clipSkip, RunOptions options, CancellationToken ct)
    {
        string[] texts = [prompt, prompt2 ?? prompt];
        return Join([.. encoders.Select((encoder, i) => encoder.Encode(parts.TextEncoders[i].Tokenizer.Encode(texts[i]), clipSkip, options, ct))]);
    }

    /// <summary>What to stay away from. Clip skip is the prompt's alone, as in diffusers: this reads the last layer.</summary>
    public Conditioning EncodeNegative(string prompt, string? prompt2, RunOptions options, CancellationToken ct) =>
        parts.EmptyPromptIsZeros && prompt.Length == 0 && string.IsNullOrEmpty(prompt2)
            ? Conditioning.Zeros(parts)
            : Encode(prompt, prompt2, clipSkip: 0, options, ct);

    public void Dispose()
    {
        foreach (var encoder in encoders)
        {
            encoder.Dispose();
        }
    }

    /// <summary>Puts the encoders' vectors side by side, token by token; the pooled text is the last encoder's.</summary>
    public static Conditioning Join(IReadOnlyList<Conditioning> encoded)
    {
        if (encoded.Count == 1)
        {
            return encoded[0];
        }

        var tokens = encoded[0].Tokens;
        var width = encoded.Sum(one => one.Hidden.Length) / tokens;
        var hidden = new float[tokens * width];
        var left = 0;
        foreach (var one in encoded)
        {
            var own = one.Hidden.Length / tokens;
            for (var token = 0; token < tokens; token++)
            {
                one.Hidden.AsSpan(token * own, own).CopyTo(hidden.AsSpan((token * width) + left));
            }

            left += own;
        }

        return new Conditioning(hidden, tokens, encoded[^1].Pooled);
    }
}
