using System.Text.Json.Serialization;
using RenderFarm.Shared.Settings;

namespace RenderFarm.Shared.Api;

/// <summary>Body of <c>POST /v1/jobs</c>. Either <c>settings.prompt</c> or <c>prompts</c> drives the frames.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record JobRequest
{
    /// <summary>For people; may be empty.</summary>
    public string Name { get; init; } = "";

    /// <summary>A model of <c>GET /v1/models</c>.</summary>
    public string Model { get; init; } = "emoji";

    /// <summary>How urgent it is.</summary>
    public JobClass Class { get; init; } = JobClass.Standard;

    /// <summary>Higher goes first within a class.</summary>
    public int Priority { get; init; }

    /// <summary>Images of each prompt; they use seed, seed + 1, ..., or as many seeds each as <c>bestOf</c> says.</summary>
    public long Count { get; init; } = 1;

    /// <summary>Pictures that are rendered for each image, with seeds one after the other, of which the one that fits the prompt best by CLIP is kept. The model needs a folder <c>clip</c>.</summary>
    public int BestOf { get; init; } = 1;

    /// <summary>Settings of all frames.</summary>
    public RenderSettings Settings { get; init; } = new();

    /// <summary>Prompts, each rendered <c>count</c> times: frame i shows prompt i / count with seed + i % count * bestOf.</summary>
    public IReadOnlyList<string>? Prompts { get; init; }

    /// <summary>How the images are stored.</summary>
    public OutputSettings Output { get; init; } = new();

    /// <summary>How long the job and its images are kept after its end, for example <c>7.00:00:00</c>; without it as long as the farm keeps jobs.</summary>
    public TimeSpan? RetainFor { get; init; }

    /// <summary>Free keys and values, returned as given.</summary>
    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>();
}
