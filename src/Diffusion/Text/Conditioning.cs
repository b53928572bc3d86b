using RenderFarm.Diffusion.Models;

namespace RenderFarm.Diffusion.Text;

/// <summary>
/// What the UNet is told to draw: one vector per token, and for some models one for the whole text.
/// Prompts longer than the text encoder's window have several windows of tokens.
/// </summary>
internal sealed class Conditioning(float[] hidden, int tokens, float[]? pooled = null)
{
    /// <summary>[tokens, width], as encoder_hidden_states takes it.</summary>
    public float[] Hidden { get; } = hidden;

    public int Tokens { get; } = tokens;

    /// <summary>One vector for the whole text; null where the model takes none.</summary>
    public float[]? Pooled { get; } = pooled;

    /// <summary>What a model trained so takes for an empty text.</summary>
    public static Conditioning Zeros(ModelParts parts) =>
        new(new float[parts.Text.Length * parts.ConditioningWidth], parts.Text.Length, new float[parts.PooledWidth]);

    /// <summary>As many tokens as asked for, the last one repeated.</summary>
    public Conditioning LengthenedTo(int tokens)
    {
        if (tokens <= Tokens)
        {
            return this;
        }

        var width = Hidden.Length / Tokens;
        var longer = new float[tokens * width];
        Hidden.CopyTo(longer, 0);
        for (var token = Tokens; token < tokens; token++)
        {
            Hidden.AsSpan(^width..).CopyTo(longer.AsSpan(token * width));
        }

        return new Conditioning(longer, tokens, Pooled);
    }
}
