using System.Text.Json.Serialization;

namespace RenderFarm.Shared.Settings;

/// <summary>How a rendered frame is stored.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record OutputSettings
{
    /// <summary>Image file formats that workers write.</summary>
    public static IReadOnlyList<string> Formats { get; } = ["png"];

    /// <summary>Image file format: <c>png</c>.</summary>
    public string Format { get; init; } = "png";

    /// <summary>Whether the settings are written into the image file.</summary>
    public bool Metadata { get; init; } = true;
}
