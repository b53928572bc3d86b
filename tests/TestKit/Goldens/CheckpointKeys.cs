using System.IO.Compression;
using System.Text.Json;

namespace RenderFarm.TestKit.Goldens;

/// <summary>A weight in diffusers' naming and in that of single files, with diffusers' shape.</summary>
/// <param name="Diffusers">Its name in a folder.</param>
/// <param name="InFile">The tensor's name in a single file.</param>
/// <param name="Shape">Its shape in a folder.</param>
/// <param name="Third">Which third of the tensor's first axis it is in a single file; null where it is all of it.</param>
/// <param name="IsTransposed">Whether the single file has rows for columns.</param>
public sealed record CheckpointKey(string Diffusers, string InFile, IReadOnlyList<long> Shape, int? Third, bool IsTransposed);

/// <summary>Every weight of SD 1, SD 2 and SDXL, as diffusers names it and as the checkpoints that its makers published do.</summary>
public static class CheckpointKeys
{
    private static readonly Lazy<JsonElement> Lists = new(() =>
    {
        using var file = File.OpenRead(Path.Combine(GoldenFolder.Default, "checkpoint_keys.json.gz"));
        using var json = new GZipStream(file, CompressionMode.Decompress);
        using var document = JsonDocument.Parse(json);
        return document.RootElement.Clone();
    });

    /// <summary>The weights of a network, such as sd1-unet.</summary>
    public static IReadOnlyList<CheckpointKey> Of(string network) => [.. Lists.Value.GetProperty(network).EnumerateArray().Select(Read)];

    private static CheckpointKey Read(JsonElement key)
    {
        var how = key.GetArrayLength() > 3 ? key[3] : default;
        var isFused = how.ValueKind == JsonValueKind.Object && how.TryGetProperty("third", out _);
        var isTransposed = how.ValueKind == JsonValueKind.Object && how.TryGetProperty("transposed", out _);
        return new CheckpointKey(
            key[0].GetString()!,
            key[1].GetString()!,
            [.. key[2].EnumerateArray().Select(size => size.GetInt64())],
            isFused ? how.GetProperty("third").GetInt32() : null,
            isTransposed);
    }
}
