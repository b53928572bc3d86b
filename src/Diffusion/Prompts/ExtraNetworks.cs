using System.Text;
using RenderFarm.Diffusion.Lora;

namespace RenderFarm.Diffusion.Prompts;

/// <summary>A network of another kind that a prompt names.</summary>
internal sealed record NetworkReference(string Kind, string Arguments);

/// <summary>
/// Cuts tags such as &lt;lora:name:0.8&gt; out of a prompt, as stable-diffusion-webui 1.10 does: any &lt;word:arguments&gt; goes,
/// with the arguments "name", then the text encoder's weight (1), then the UNet's (the text encoder's), or named: te=0.5, unet=0.8.
/// A LoRA whose weights are no numbers, or that has no name, is text.
/// </summary>
internal sealed record ExtraNetworks(string Prompt, IReadOnlyList<LoraUse> Loras, IReadOnlyList<NetworkReference> Others)
{
    private static readonly string[] LoraKinds = ["lora", "lyco"];

    /// <summary>The LoRAs of a request: its own list, and those that its prompt names.</summary>
    public static IReadOnlyList<LoraUse> LorasOf(ImageRequest request) => request.PromptSyntax == PromptSyntaxNames.Webui
        ? [.. request.Loras, .. Parse(PromptComments.Strip(request.Prompt)).Loras]
        : request.Loras;

    public static ExtraNetworks Parse(string prompt)
    {
        List<LoraUse> loras = [];
        List<NetworkReference> others = [];
        var rest = new StringBuilder(prompt.Length);
        var copied = 0;
        for (var at = prompt.IndexOf('<', StringComparison.Ordinal); at >= 0;)
        {
            var colon = EndOfWord(prompt, at + 1);
            var end = -1;
            if (colon > at + 1 && colon + 1 < prompt.Length && prompt[colon] == ':' && prompt[colon + 1] != '>')
            {
                end = prompt.IndexOf('>', colon + 1);
                if (end < 0)
                {
                    break;
                }

                if (TryAdd(prompt[(at + 1)..colon], prompt[(colon + 1)..end], loras, others))
                {
                    rest.Append(prompt, copied, at - copied);
                    copied = end + 1;
                }
            }

            at = prompt.IndexOf('<', Math.Max(at, end) + 1);
        }

        return new ExtraNetworks(rest.Append(prompt, copied, prompt.Length - copied).ToString(), loras, others);
    }

    private static int EndOfWord(string prompt, int at)
    {
        while (at < prompt.Length && Rune.TryGetRuneAt(prompt, at, out var rune) && Characters.IsWord(rune))
        {
            at += rune.Utf16SequenceLength;
        }

        return at;
    }

    private static bool TryAdd(string kind, string arguments, List<LoraUse> loras, List<NetworkReference> others)
    {
        if (!LoraKinds.Contains(kind))
        {
            others.Add(new NetworkReference(kind, arguments));
            return true;
        }

        // An argument with exactly one equals sign has a name.
        var items = arguments.Split(':');
        var positional = items.Where(item => item.Count(character => character == '=') != 1).ToArray();
        if (positional.Length == 0 || positional[0].Length == 0
            || !TryWeight(items, positional, 1, "te", 1, out var text)
            || !TryWeight(items, positional, 2, "unet", text, out var unet))
        {
            return false;
        }

        loras.Add(new LoraUse { Name = positional[0], TextWeight = text, UnetWeight = unet });
        return true;
    }

    private static bool TryWeight(string[] items, string[] positional, int index, string name, double otherwise, out double weight)
    {
        weight = otherwise;
        var given = items.LastOrDefault(item => item.StartsWith(name + "=", StringComparison.Ordinal) && item.Count(character => character == '=') == 1) is { } named
            ? named[(name.Length + 1)..]
            : positional.ElementAtOrDefault(index);
        return given is null || (Characters.TryParseDecimal(given.Trim(), out weight) && double.IsFinite(weight));
    }
}
