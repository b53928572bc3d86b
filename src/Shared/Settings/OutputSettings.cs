using System.Text.Json.Serialization;

namespace RenderFarm.Shared.Settings;

/// <summary>How a rendered frame is stored.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record OutputSettings
{
    /// <summary>The format that loses nothing.</summary>
    public const string Png = "png";

    /// <summary>Image file formats that workers write; the files end in these words.</summary>
    public static IReadOnlyList<string> Formats { get; } = [Png, "jpeg", "webp"];

    /// <summary>Image file format: <c>png</c>, <c>jpeg</c> or <c>webp</c>.</summary>
    public string Format { get; init; } = Png;

    /// <summary>Of JPEG and WebP, from 1 to 100; null is 90. PNG has none.</summary>
    public int? Quality { get; init; }

    /// <summary>Whether the settings are written into the image file.</summary>
    public bool Metadata { get; init; } = true;

    /// <summary>What HTTP calls a format.</summary>
    public static string MediaTypeOf(string format) => $"image/{format}";
}
