using System.Buffers.Binary;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace RenderFarm.TestKit.Goldens;

/// <summary>The small checkpoint of the goldens, as most larger ones are published: without its VAE, which is a file of its own.</summary>
public static class TinyCheckpointFiles
{
    private const string Vae = "first_stage_model.";
    private const string Offsets = "data_offsets";

    /// <summary>Writes both files, the checkpoint with a tensor of so many random bytes that no network reads.</summary>
    public static void Write(string checkpoint, string vae, int unused = 0)
    {
        var bytes = File.ReadAllBytes(Path.Combine(GoldenFolder.Default, "checkpoints", "tiny-sd1.safetensors"));
        var start = sizeof(long) + (int)BinaryPrimitives.ReadInt64LittleEndian(bytes);
        var header = JsonNode.Parse(bytes.AsSpan(sizeof(long), start - sizeof(long)))!.AsObject();
        var tensors = header.Where(tensor => tensor.Key != "__metadata__")
            .Select(tensor => new Tensor(tensor.Key, tensor.Value!.AsObject(), bytes[(start + Offset(tensor.Value, 0))..(start + Offset(tensor.Value, 1))]))
            .ToLookup(tensor => tensor.Name.StartsWith(Vae, StringComparison.Ordinal));
        var more = new byte[unused];
        new Random(1).NextBytes(more);
        Write(checkpoint, unused == 0 ? tensors[false] : tensors[false].Append(new Tensor("model_ema.unused", new JsonObject { ["dtype"] = "U8", ["shape"] = new JsonArray(unused) }, more)));
        Write(vae, tensors[true]);
    }

    private static void Write(string path, IEnumerable<Tensor> tensors)
    {
        var (header, data) = (new JsonObject(), new MemoryStream());
        foreach (var tensor in tensors)
        {
            var entry = (JsonObject)tensor.Entry.DeepClone();
            entry[Offsets] = new JsonArray(data.Length, data.Length + tensor.Data.Length);
            header[tensor.Name] = entry;
            data.Write(tensor.Data);
        }

        var json = JsonSerializer.SerializeToUtf8Bytes(header);
        var length = new byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(length, json.Length);
        File.WriteAllBytes(path, [.. length, .. json, .. data.ToArray()]);
    }

    private static int Offset(JsonNode tensor, int end) => tensor[Offsets]![end]!.GetValue<int>();

    private sealed record Tensor(string Name, JsonObject Entry, byte[] Data);
}
