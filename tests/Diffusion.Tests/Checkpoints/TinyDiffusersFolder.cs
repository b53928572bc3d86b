using System.Text.Json;
using RenderFarm.Diffusion.Checkpoints;
using RenderFarm.Diffusion.Checkpoints.Keys;
using RenderFarm.Diffusion.Models;
using RenderFarm.Diffusion.Onnx;
using RenderFarm.Diffusion.Tests.Lora;
using RenderFarm.TestKit.Goldens;

namespace RenderFarm.Diffusion.Tests.Checkpoints;

/// <summary>The tiny checkpoint as a folder of diffusers.</summary>
internal static class TinyDiffusersFolder
{
    private static readonly (string Network, string Part)[] Parts =
    [
        (NetworkFiles.TextEncoder, "text_encoder"),
        (NetworkFiles.Unet, "unet"),
        (NetworkFiles.VaeDecoder, "vae"),
        (NetworkFiles.VaeEncoder, "vae"),
    ];

    public static void Write(string folder)
    {
        var family = new ModelFamily(ModelGeneration.StableDiffusion1, IsConsistencyModel: false, IsInpainting: false);
        var tensors = SafetensorsBytes.Read(TinyCheckpoint.File);
        foreach (var part in Parts.GroupBy(one => one.Part, one => one.Network))
        {
            Directory.CreateDirectory(Path.Combine(folder, part.Key));
            var weights = part.SelectMany(network => Weights(TinyCheckpoint.Parts.Graph(family, network).Graph, network, tensors)).DistinctBy(weight => weight.Key).ToDictionary();
            SafetensorsBytes.Write(Path.Combine(folder, part.Key, part.Key == "text_encoder" ? "model.safetensors" : "diffusion_pytorch_model.safetensors"), weights);
        }

        WriteJson("model_index.json", new { _class_name = "StableDiffusionPipeline" });
        WriteJson("scheduler/scheduler_config.json", new { _class_name = "PNDMScheduler", beta_start = 0.00085, beta_end = 0.012, beta_schedule = "scaled_linear", steps_offset = 1, set_alpha_to_one = false, skip_prk_steps = true });
        WriteJson("unet/config.json", new { in_channels = 4, block_out_channels = new[] { 32, 32, 64, 64 }, layers_per_block = 2, sample_size = 64 });
        WriteJson("vae/config.json", new { latent_channels = 4, block_out_channels = new[] { 32, 32, 32, 32 }, scaling_factor = 0.18215 });
        Directory.CreateDirectory(Path.Combine(folder, "tokenizer"));
        foreach (var file in Directory.EnumerateFiles(Path.Combine(GoldenFolder.EmojiModel, "tokenizer")))
        {
            File.Copy(file, Path.Combine(folder, "tokenizer", Path.GetFileName(file)));
        }

        void WriteJson(string file, object json)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(folder, file))!);
            File.WriteAllText(Path.Combine(folder, file), JsonSerializer.Serialize(json));
        }
    }

    /// <summary>Splits a network's weights into parts with an index, as for large models.</summary>
    public static void Split(string folder, string name)
    {
        var whole = Path.Combine(folder, $"{name}.safetensors");
        var tensors = SafetensorsBytes.Read(whole);
        File.Delete(whole);
        var map = tensors.Keys.Order(StringComparer.Ordinal).Select((key, i) => (Key: key, File: $"{name}-0000{(i % 3) + 1}-of-00003.safetensors")).ToDictionary(one => one.Key, one => one.File);
        foreach (var file in map.Values.Distinct())
        {
            SafetensorsBytes.Write(Path.Combine(folder, file), tensors.Where(tensor => map[tensor.Key] == file).ToDictionary());
        }

        File.WriteAllText(Path.Combine(folder, $"{name}.safetensors.index.json"), JsonSerializer.Serialize(new { weight_map = map }));
    }

    private static IEnumerable<KeyValuePair<string, (long[] Shape, float[] Values)>> Weights(GraphProto graph, string network, Dictionary<string, (long[] Shape, float[] Values)> tensors)
    {
        var keys = PlacedWeights.KeysOf(graph).ToArray();
        var rules = SingleFileKeys.Of(ModelGeneration.StableDiffusion1, network, keys);
        return keys.Select(key => KeyValuePair.Create(key, tensors[rules.Of(key).First().Name]));
    }
}
