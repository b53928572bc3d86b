namespace RenderFarm.Diffusion.Text;

/// <summary>
/// What the UNet is told to draw: one vector per token. Prompts longer than the text encoder's window have several windows of tokens.
/// </summary>
internal sealed class Conditioning(float[] hidden, int tokens)
{
    /// <summary>[tokens, width], as encoder_hidden_states takes it.</summary>
    public float[] Hidden { get; } = hidden;

    public int Tokens { get; } = tokens;
}
