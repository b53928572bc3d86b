using System.Globalization;
using RenderFarm.Diffusion.Prompts;

namespace RenderFarm.Diffusion.Lora;

/// <summary>What a request may ask of LoRAs, apart from their files.</summary>
internal static class LoraRules
{
    private const int Most = 16;
    private const double MaxWeight = 10;

    public static void Check(ImageRequest request)
    {
        var loras = ExtraNetworks.LorasOf(request);
        if (loras.Count > Most)
        {
            throw new RenderRequestException(nameof(request.Loras), $"a list of {loras.Count}", $"at most {Most} LoRAs");
        }

        foreach (var use in loras)
        {
            if (!(Math.Abs(use.UnetWeight) <= MaxWeight && Math.Abs(use.TextWeight) <= MaxWeight))
            {
                throw new RenderRequestException(nameof(request.Loras), Text([use]), $"weights from -{MaxWeight} to {MaxWeight}");
            }
        }
    }

    /// <summary>Equal for the same LoRAs with the same weights in any order, listed or named in the prompt.</summary>
    public static string Text(ImageRequest request) => Text(ExtraNetworks.LorasOf(request));

    private static string Text(IReadOnlyList<LoraUse> loras) => loras.Count == 0 ? "none" : string.Join(", ", loras.Select(Text).Order(StringComparer.Ordinal));

    private static string Text(LoraUse use) => string.Create(CultureInfo.InvariantCulture, $"'{use.Name}' (unet {use.UnetWeight}, text {use.TextWeight})");
}
