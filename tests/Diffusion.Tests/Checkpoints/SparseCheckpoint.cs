using System.Text;
using System.Text.Json;
using RenderFarm.Diffusion.Tests.Checkpoints.Keys;

namespace RenderFarm.Diffusion.Tests.Checkpoints;

/// <summary>Writes checkpoints of full size whose weights are zeros that take no place on disk.</summary>
internal static class SparseCheckpoint
{
    public static IReadOnlyList<KnownKey> Sd1 { get; } = [.. Lists("sd1-unet", "vae", "sd1-text")];

    public static IReadOnlyList<KnownKey> Sd2 { get; } = [.. Lists("sd2-unet", "vae", "sd2-text")];

    public static IReadOnlyList<KnownKey> Xl { get; } = [.. Lists("sdxl-unet", "vae", "sdxl-text", "sdxl-text2")];

    /// <summary>The tensors that a checkpoint of these weights has, with their shapes there.</summary>
    public static Dictionary<string, long[]> TensorsOf(IEnumerable<KnownKey> keys) => keys
        .DistinctBy(key => key.Source.Name)
        .ToDictionary(key => key.Source.Name, key => key.Source.Third is null ? key.Shape : [3 * key.Shape[0], .. key.Shape[1..]], StringComparer.Ordinal);

    /// <summary>The same for inpainting.</summary>
    public static Dictionary<string, long[]> ForInpainting(Dictionary<string, long[]> tensors) =>
        new(tensors, StringComparer.Ordinal) { ["model.diffusion_model.input_blocks.0.0.weight"] = [320, 9, 3, 3] };

    public static void Write(string path, IReadOnlyDictionary<string, long[]> tensors, string dtype = "F16", IReadOnlyDictionary<string, string>? texts = null)
    {
        var header = new Dictionary<string, object>(StringComparer.Ordinal);
        if (texts is not null)
        {
            header["__metadata__"] = texts;
        }

        var end = 0L;
        foreach (var (name, shape) in tensors)
        {
            var start = end;
            end += shape.Aggregate(dtype == "F32" ? 4L : dtype[0] == 'F' && dtype.Length > 3 ? 1L : 2L, (bytes, size) => bytes * size);
            header[name] = new { dtype, shape, data_offsets = new[] { start, end } };
        }

        var json = Encoding.UTF8.GetBytes(JsonSerializer.Serialize(header));
        using var file = File.Create(path);
        file.Write(BitConverter.GetBytes((ulong)json.Length));
        file.Write(json);
        file.SetLength(file.Position + end);
    }

    private static IEnumerable<KnownKey> Lists(params string[] lists) => lists.SelectMany(KnownKeys.Of);
}
