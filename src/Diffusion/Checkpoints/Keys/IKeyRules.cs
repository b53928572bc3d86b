using System.Globalization;

namespace RenderFarm.Diffusion.Checkpoints.Keys;

/// <summary>From the name that a graph has for a weight, which is diffusers', to where files have it.</summary>
internal interface IKeyRules
{
    /// <summary>Where it may lie, the usual place first.</summary>
    IEnumerable<SourceKey> Of(string key);
}

/// <summary>What rules of all networks need to read a name.</summary>
internal static class KeyText
{
    public static int Number(string text) => int.Parse(text, NumberStyles.None, CultureInfo.InvariantCulture);

    public static ArgumentException Unknown(string[] key) => new($"No rule knows the weight '{string.Join('.', key)}'.");
}
