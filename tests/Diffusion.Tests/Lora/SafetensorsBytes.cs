using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using RenderFarm.Diffusion.Weights;

namespace RenderFarm.Diffusion.Tests.Lora;

/// <summary>Writes float tensors as a .safetensors file.</summary>
internal static class SafetensorsBytes
{
    public static void Write(string path, IReadOnlyDictionary<string, (long[] Shape, float[] Values)> tensors, IReadOnlyDictionary<string, string>? texts = null)
    {
        var header = new Dictionary<string, object>();
        if (texts is not null)
        {
            header["__metadata__"] = texts;
        }

        List<byte> data = [];
        foreach (var (name, (shape, values)) in tensors)
        {
            header[name] = new { dtype = "F32", shape, data_offsets = new[] { data.Count, data.Count + (values.Length * sizeof(float)) } };
            data.AddRange(MemoryMarshal.AsBytes<float>(values));
        }

        var json = Encoding.UTF8.GetBytes(JsonSerializer.Serialize(header));
        File.WriteAllBytes(path, [.. BitConverter.GetBytes((ulong)json.Length), .. json, .. data]);
    }

    /// <summary>The tensors of a file, to be changed and written again.</summary>
    public static Dictionary<string, (long[] Shape, float[] Values)> Read(string path)
    {
        using var file = SafetensorsFile.Open(path);
        return file.Header.Tensors.Values.ToDictionary(tensor => tensor.Name, tensor => (tensor.Shape.ToArray(), file.Floats(tensor)), StringComparer.Ordinal);
    }
}
