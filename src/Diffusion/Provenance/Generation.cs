using System.Globalization;
using RenderFarm.Diffusion.Control;
using RenderFarm.Diffusion.Images;
using RenderFarm.Diffusion.ImageToImage;
using RenderFarm.Diffusion.Masks;

namespace RenderFarm.Diffusion.Provenance;

/// <summary>The settings that a picture's text tells.</summary>
public sealed record Generation
{
    public string Prompt { get; init; } = "";

    public string NegativePrompt { get; init; } = "";

    /// <summary>The pairs of the text by key; a value such as 512x768 as two, with "-1" and "-2" after the key.</summary>
    public IReadOnlyDictionary<string, string> Fields { get; init; } = new Dictionary<string, string>();

    /// <summary>The name of the model, if the text has it.</summary>
    public string? Model => Text("Model");

    /// <summary>The first letters of the model's digest, if the text has them.</summary>
    public string? ModelHash => Text("Model hash");

    /// <summary>
    /// The request that the text describes: what it does not tell is as a new request has it, and pairs of other programs are left out.
    /// A start image, a mask and a control image are not in the text and may be given. Throws <see cref="RenderRequestException"/> for a value that is no value of its field.
    /// </summary>
    public ImageRequest ToRequest(InputImage? start = null, MaskImage? mask = null, InputImage? control = null)
    {
        var request = new ImageRequest { Prompt = Prompt, NegativePrompt = NegativePrompt };
        request = request with
        {
            Start = start is null ? null : new StartImage { Image = start },
            Inpaint = mask is null ? null : new Inpainting { Mask = mask },
            Control = control is null ? null : new ControlImage { Image = control },
        };
        return Fields.Count == 0 ? request : GenerationPairs.All.Aggregate(request, (read, pair) => pair.Read?.Invoke(read, this) ?? read);
    }

    internal string? Text(string key) => Fields.GetValueOrDefault(key);

    internal long? Whole(string key) => Fields.TryGetValue(key, out var text)
        ? long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value) ? value : throw Wrong(key, text, "a whole number")
        : null;

    internal int? Count(string key) => Whole(key) is { } value
        ? value is >= int.MinValue and <= int.MaxValue ? (int)value : throw Wrong(key, Fields[key], "a number of at most nine digits")
        : null;

    internal double? Real(string key) => Fields.TryGetValue(key, out var text)
        ? double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && double.IsFinite(value) ? value : throw Wrong(key, text, "a number")
        : null;

    internal bool? Truth(string key) => Text(key) switch
    {
        null => null,
        "True" => true,
        "False" => false,
        var other => throw Wrong(key, other, "True or False"),
    };

    private static RenderRequestException Wrong(string key, string text, string allowed) => new(key, $"'{text}'", allowed);
}
