using System.Text.Json.Serialization;

namespace RenderFarm.Shared.Settings;

/// <summary>A LoRA to render with.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record LoraSettings
{
    /// <summary>The name of its file on the workers, without the ending.</summary>
    public required string Name { get; init; }

    /// <summary>How strongly it acts; 1 is as trained, a negative one pulls away.</summary>
    public double Weight { get; init; } = 1;
}
