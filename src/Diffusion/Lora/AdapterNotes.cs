using System.Text.Json;
using RenderFarm.Diffusion.Weights;

namespace RenderFarm.Diffusion.Lora;

/// <summary>
/// What diffusers notes of a LoRA's training beside its tensors ("lora_adapter_metadata"), where peft's key form has no alphas:
/// per network, lora_alpha, exceptions by module (alpha_pattern) and use_rslora, by which alpha is divided by the rank's root.
/// </summary>
internal sealed class AdapterNotes
{
    private const string Key = "lora_adapter_metadata";

    private static readonly (LoraNetwork Network, string Prefix)[] Prefixes =
    [
        (LoraNetwork.Unet, "unet."),
        (LoraNetwork.TextEncoder, "text_encoder."),
        (LoraNetwork.TextEncoder2, "text_encoder_2."),
    ];

    private readonly Dictionary<string, JsonElement> _values = new(StringComparer.Ordinal);

    /// <exception cref="WeightFileException">The note is there but no JSON object.</exception>
    public AdapterNotes(string file, SafetensorsHeader header)
    {
        if (!header.Texts.TryGetValue(Key, out var text))
        {
            return;
        }

        try
        {
            using var document = JsonDocument.Parse(text);
            foreach (var value in document.RootElement.EnumerateObject())
            {
                _values[value.Name] = value.Value.Clone();
            }
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            throw new WeightFileException(file, null, $"its {Key} is no JSON object: {exception.Message}", exception);
        }
    }

    /// <summary>Alpha over rank for a module, given with underscores for dots; 1 where nothing is noted.</summary>
    public double ScaleOf(LoraNetwork network, string module, long rank)
    {
        var prefix = Prefixes.First(known => known.Network == network).Prefix;
        if (Find(prefix + "lora_alpha") is not { ValueKind: JsonValueKind.Number } alpha)
        {
            return 1;
        }

        if (Find(prefix + "alpha_pattern") is { ValueKind: JsonValueKind.Object } patterns)
        {
            // A pattern is a module's path or its end.
            alpha = patterns.EnumerateObject().FirstOrDefault(pattern => Ends(module, pattern.Name)).Value is { ValueKind: JsonValueKind.Number } own ? own : alpha;
        }

        var isRooted = Find(prefix + "use_rslora") is { ValueKind: JsonValueKind.True };
        return alpha.GetDouble() / (isRooted ? Math.Sqrt(rank) : rank);
    }

    private static bool Ends(string module, string pattern)
    {
        var end = pattern.Replace('.', '_');
        return module == end || module.EndsWith('_' + end, StringComparison.Ordinal);
    }

    private JsonElement? Find(string name) => _values.TryGetValue(name, out var value) ? value : null;
}
