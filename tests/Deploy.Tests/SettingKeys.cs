using System.Text.RegularExpressions;

namespace RenderFarm.Deploy.Tests;

/// <summary>The settings that compose file, images and chart may give to the programs.</summary>
internal static partial class SettingKeys
{
    public static IReadOnlySet<string> Known { get; } = new HashSet<string>(StringComparer.Ordinal)
    {
        "RENDERFARM__Database__Provider",
        "RENDERFARM__Database__ConnectionString",
        "RENDERFARM__Bus__Transport",
        "RENDERFARM__Bus__Uri",
        "RENDERFARM__Artifacts__Store",
        "RENDERFARM__Artifacts__Folder",
        "RENDERFARM__Artifacts__S3__Endpoint",
        "RENDERFARM__Artifacts__S3__PublicEndpoint",
        "RENDERFARM__Artifacts__S3__AccessKey",
        "RENDERFARM__Artifacts__S3__SecretKey",
        "RENDERFARM__Artifacts__S3__Bucket",
        "RENDERFARM__Artifacts__S3__CreateBucket",
        "RENDERFARM__Artifacts__S3__Region",
        "RENDERFARM__Artifacts__S3__UseTls",
        "RENDERFARM__Access__Key",
        "RENDERFARM__Coordinator__Urls",
        "RENDERFARM__Worker__Name",
        "RENDERFARM__Worker__Device",
        "RENDERFARM__Worker__Models",
        "RENDERFARM__Worker__BatchSize",
        "RENDERFARM__Worker__MemoryBudgetMiB",
        "RENDERFARM__Worker__HealthUrls",
        "RENDERFARM__Worker__DrainTimeout",
    };

    /// <summary>Every setting that a text names.</summary>
    public static IReadOnlyList<string> In(string text) =>
        [.. Pattern().Matches(text).Select(match => match.Value).Distinct().Order(StringComparer.Ordinal)];

    [GeneratedRegex("RENDERFARM__[A-Za-z0-9_]+")]
    private static partial Regex Pattern();
}
