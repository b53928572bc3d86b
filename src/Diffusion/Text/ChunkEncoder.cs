using System.Numerics.Tensors;
using Microsoft.ML.OnnxRuntime;
using RenderFarm.Diffusion.Models;
using RenderFarm.Diffusion.Prompts;

namespace RenderFarm.Diffusion.Text;

/// <summary>
/// Texts with weights to conditionings, by one text network, as stable-diffusion-webui 1.10 does it: each chunk is encoded alone and the
/// chunks follow one another. Texts of one schedule are encoded together: the shorter get empty chunks, and a mean is of all of them.
/// </summary>
internal sealed class ChunkEncoder(TextParts parts, TextEncoder encoder)
{
    /// <summary>One conditioning for each text, all of the same length; the pooled text is the first chunk's.</summary>
    public Dictionary<string, Conditioning> Encode(IReadOnlyList<string> texts, string emphasis, int clipSkip, RunOptions options, CancellationToken ct)
    {
        // A text that holds at several steps counts as often in a mean.
        var counted = texts.CountBy(text => text, StringComparer.Ordinal).ToArray();
        var cut = counted.Select(text => Cut(text.Key, emphasis)).ToArray();
        var length = cut.Max(chunks => chunks.Count);
        var size = parts.Config.Length * parts.Config.Width;
        var hidden = cut.Select(_ => new float[length * size]).ToArray();
        var pooled = new float[]?[cut.Length];
        for (var at = 0; at < length; at++)
        {
            var (before, after) = (0.0, 0.0);
            for (var i = 0; i < cut.Length; i++)
            {
                var chunk = at < cut[i].Count ? cut[i][at] : Empty();
                var encoded = encoder.Encode(Padded(chunk.Tokens), clipSkip, options, ct);
                var place = hidden[i].AsSpan(at * size, size);
                encoded.Hidden.CopyTo(place);
                before += counted[i].Value * Sum(place);
                if (emphasis is EmphasisNames.Original or EmphasisNames.NoNorm)
                {
                    Weigh(place, chunk.Weights);
                }

                after += counted[i].Value * Sum(place);
                if (at == 0)
                {
                    pooled[i] = encoded.Pooled;
                }
            }

            if (emphasis == EmphasisNames.Original && before != after)
            {
                foreach (var one in hidden)
                {
                    var place = one.AsSpan(at * size, size);
                    TensorPrimitives.Multiply(place, (float)(before / after), place);
                }
            }
        }

        return counted
            .Select((text, i) => (text.Key, Value: new Conditioning(hidden[i], length * parts.Config.Length, pooled[i])))
            .ToDictionary(text => text.Key, text => text.Value, StringComparer.Ordinal);
    }

    private IReadOnlyList<PromptChunk> Cut(string text, string emphasis) =>
        ChunkedPrompt.Cut(Emphasis.Parse(text, emphasis), parts.Tokenizer).Chunks;

    private PromptChunk Empty() => Cut("", EmphasisNames.None)[0];

    /// <summary>Chunks are filled up with end tokens; after the first one, this network may want another.</summary>
    private int[] Padded(int[] tokens)
    {
        var filled = tokens.AsSpan().IndexOf(parts.Tokenizer.End) + 1;
        return [.. tokens[..filled], .. Enumerable.Repeat(parts.Tokenizer.Pad, tokens.Length - filled)];
    }

    private void Weigh(Span<float> hidden, float[] weights)
    {
        var width = parts.Config.Width;
        for (var token = 0; token < weights.Length; token++)
        {
            if (weights[token] != 1)
            {
                var vector = hidden.Slice(token * width, width);
                TensorPrimitives.Multiply(vector, weights[token], vector);
            }
        }
    }

    private static double Sum(ReadOnlySpan<float> values)
    {
        var sum = 0.0;
        foreach (var value in values)
        {
            sum += value;
        }

        return sum;
    }
}
