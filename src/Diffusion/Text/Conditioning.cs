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
}
