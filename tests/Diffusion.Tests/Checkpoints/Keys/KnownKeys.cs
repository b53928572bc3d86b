using System.IO.Compression;
using System.Text.Json;
using RenderFarm.Diffusion.Checkpoints.Keys;
using RenderFarm.TestKit.Goldens;

namespace RenderFarm.Diffusion.Tests.Checkpoints.Keys;

/// <summary>A weight as both namings have it, with diffusers' shape.</summary>
internal sealed record KnownKey(string Diffusers, SourceKey Source, long[] Shape);

/// <summary>Every weight of SD 1, SD 2 and SDXL, as diffusers names it and as the checkpoints that its makers published do.</summary>
internal static class KnownKeys
{
    private static readonly Lazy<JsonElement> Lists = new(() =>
    {
        using var file = File.OpenRead(Path.Combine(GoldenFolder.Repository, "tests/Diffusion.Tests/Checkpoints/Keys/checkpoint_keys.json.gz"));
        using var json = new GZipStream(file, CompressionMode.Decompress);
        using var document = JsonDocument.Parse(json);
        return document.RootElement.Clone();
    });

    public static IReadOnlyList<KnownKey> Of(string list) => [.. Lists.Value.GetProperty(list).EnumerateArray().Select(Read)];

    private static KnownKey Read(JsonElement key)
    {
        var how = key.GetArrayLength() > 3 ? key[3] : default;
        int? third = how.ValueKind == JsonValueKind.Object && how.TryGetProperty("third", out var number) ? number.GetInt32() : null;
        var source = new SourceKey(key[1].GetString()!, third, how.ValueKind == JsonValueKind.Object && how.TryGetProperty("transposed", out _));
        return new KnownKey(key[0].GetString()!, source, [.. key[2].EnumerateArray().Select(size => size.GetInt64())]);
    }
}
