using System.Text;
using System.Text.Json;

namespace RenderFarm.TestKit.Goldens;

/// <summary>Writes checkpoints of full size whose weights are zeros that take no place on disk.</summary>
public static class SparseCheckpoint
{
    private const string FirstConvolution = "model.diffusion_model.input_blocks.0.0.weight";
    private const string Inpainting = "-inpainting";

    /// <summary>The tensors with their shapes that a checkpoint of a family has: sd1, sd2 or sdxl, with -inpainting behind it or not.</summary>
    public static Dictionary<string, long[]> TensorsOf(string family)
    {
        string[] networks = family.Split('-')[0] switch
        {
            "sd1" => ["sd1-unet", "vae", "sd1-text"],
            "sd2" => ["sd2-unet", "vae", "sd2-text"],
            "sdxl" => ["sdxl-unet", "vae", "sdxl-text", "sdxl-text2"],
            _ => throw new ArgumentException($"There is no list of {family}.", nameof(family)),
        };
        var tensors = networks.SelectMany(CheckpointKeys.Of).DistinctBy(key => key.InFile)
            .ToDictionary(key => key.InFile, key => (long[])(key.Third is null ? [.. key.Shape] : [3 * key.Shape[0], .. key.Shape.Skip(1)]), StringComparer.Ordinal);
        if (family.EndsWith(Inpainting, StringComparison.Ordinal))
        {
            tensors[FirstConvolution][1] = 9;
        }

        return tensors;
    }

    /// <summary>Writes a file of these tensors.</summary>
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
            end += shape.Aggregate(BytesOf(dtype), (bytes, size) => bytes * size);
            header[name] = new { dtype, shape, data_offsets = new[] { start, end } };
        }

        var json = Encoding.UTF8.GetBytes(JsonSerializer.Serialize(header));
        using var file = File.Create(path);
        file.Write(BitConverter.GetBytes((ulong)json.Length));
        file.Write(json);
        file.SetLength(file.Position + end);
    }

    /// <summary>Writes SD 1 as a folder of diffusers.</summary>
    public static void WriteFolder(string folder)
    {
        foreach (var (part, network, file) in new[] { ("unet", "sd1-unet", "diffusion_pytorch_model"), ("vae", "vae", "diffusion_pytorch_model"), ("text_encoder", "sd1-text", "model") })
        {
            Directory.CreateDirectory(Path.Combine(folder, part));
            Write(Path.Combine(folder, part, $"{file}.fp16.safetensors"), CheckpointKeys.Of(network).ToDictionary(key => key.Diffusers, key => key.Shape.ToArray()));
        }

        WriteText("model_index.json", """{"_class_name":"StableDiffusionPipeline"}""");
        WriteText("scheduler/scheduler_config.json", """{"_class_name":"PNDMScheduler","beta_start":0.00085,"beta_end":0.012,"beta_schedule":"scaled_linear","steps_offset":1,"skip_prk_steps":true}""");
        WriteText("unet/config.json", """{"in_channels":4,"block_out_channels":[320,640,1280,1280],"layers_per_block":2,"sample_size":64}""");
        WriteText("vae/config.json", """{"latent_channels":4,"block_out_channels":[128,256,512,512],"scaling_factor":0.18215}""");
        foreach (var file in Directory.EnumerateFiles(Path.Combine(GoldenFolder.Default, "tokenizers", "openai")))
        {
            WriteText($"tokenizer/{Path.GetFileName(file)}", File.ReadAllText(file));
        }

        void WriteText(string file, string text)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(folder, file))!);
            File.WriteAllText(Path.Combine(folder, file), text);
        }
    }

    private static long BytesOf(string dtype) => dtype switch
    {
        "F32" => 4,
        "F16" or "BF16" or "I16" => 2,
        "F8_E4M3" => 1,
        _ => throw new ArgumentException($"The size of {dtype} is not known here.", nameof(dtype)),
    };
}
