using System.Text;
using System.Text.Json;
using RenderFarm.Diffusion.Models;
using RenderFarm.Diffusion.Onnx;
using RenderFarm.Diffusion.Weights;

namespace RenderFarm.Diffusion.Tests.Lora;

/// <summary>Writes float tensors as a .safetensors file, in float32 or the precision that is asked for.</summary>
internal static class SafetensorsBytes
{
    public static void Write(string path, IReadOnlyDictionary<string, (long[] Shape, float[] Values)> tensors, IReadOnlyDictionary<string, string>? texts = null, string dtype = "F32")
    {
        var header = new Dictionary<string, object>();
        if (texts is not null)
        {
            header["__metadata__"] = texts;
        }

        var element = dtype switch
        {
            "F32" => OnnxElement.Float32,
            "F16" => OnnxElement.Float16,
            "BF16" => OnnxElement.BFloat16,
            _ => throw new ArgumentException(dtype, nameof(dtype)),
        };
        List<byte> data = [];
        foreach (var (name, (shape, values)) in tensors)
        {
            var bytes = new byte[values.Length * (element == OnnxElement.Float32 ? 4 : 2)];
            StoredFloats.Write(values, bytes, element);
            header[name] = new { dtype, shape, data_offsets = new[] { data.Count, data.Count + bytes.Length } };
            data.AddRange(bytes);
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
