namespace RenderFarm.Diffusion.Prompts;

/// <summary>A piece of a prompt and how much it counts.</summary>
internal readonly record struct WeightedText(string Text, double Weight)
{
    private const string BreakWord = "BREAK";

    /// <summary>Ends a chunk of tokens. A BREAK inside brackets is multiplied like any text, so that it is a word and ends nothing.</summary>
    public static WeightedText Break { get; } = new(BreakWord, -1);

    public bool IsBreak => this == Break;
}
