using System.Globalization;
using System.Text.Json;
using Google.Protobuf;
using RenderFarm.Diffusion.Checkpoints;
using RenderFarm.Diffusion.Models;
using RenderFarm.Diffusion.Models.Reading;
using RenderFarm.Diffusion.Onnx;

namespace RenderFarm.Benchmarks.Checkpoints;

/// <summary>Writes a checkpoint of Stable Diffusion 1 as the folder that Optimum exports on a CPU: networks with weights of their own in float32.</summary>
internal static class ExportedCheckpoint
{
    private const string WeightsFile = "model.onnx_data";
    private const int Alignment = 64;

    public static void Write(ModelFolder checkpoint, CheckpointSubject subject, string folder)
    {
        foreach (var network in CheckpointNetworks.Of(checkpoint.Parts.Family))
        {
            WriteNetwork(subject.Parts.Graph(checkpoint.Parts.Family, network), checkpoint.Networks.Read(network), PathOf(network));
        }

        var (unet, vae, text) = (checkpoint.Parts.Unet, checkpoint.Parts.Vae, checkpoint.Parts.Text);
        WriteJson("model_index.json", new { _class_name = "ORTStableDiffusionPipeline" });
        WriteJson(SchedulerConfig.File, new { _class_name = "PNDMScheduler", beta_start = 0.00085, beta_end = 0.012, beta_schedule = "scaled_linear", steps_offset = 1, set_alpha_to_one = false, skip_prk_steps = true });
        WriteJson(UnetConfig.File, new { in_channels = unet.InChannels, block_out_channels = unet.BlockChannels, layers_per_block = unet.BlockLayers, sample_size = unet.SampleSize });
        WriteJson(VaeConfig.File, new { latent_channels = vae.LatentChannels, block_out_channels = Enumerable.Range(0, int.Log2(vae.Factor) + 1), scaling_factor = vae.ScalingFactor });
        WriteJson("text_encoder/config.json", new { num_hidden_layers = text.Layers, max_position_embeddings = text.Length, hidden_size = text.Width });
        foreach (var file in Directory.EnumerateFiles(subject.Tokenizer))
        {
            File.Copy(file, PathOf($"tokenizer/{Path.GetFileName(file)}"));
        }

        // A worker verifies the sums when it starts, not when it loads a model: these are never compared.
        File.WriteAllLines(PathOf(ModelDigest.FileName), ModelDigest.FilesOf(folder).Select(file => $"{new string('0', 64)}  {file}"));

        string PathOf(string file)
        {
            var path = Path.Combine(folder, file);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            return path;
        }

        void WriteJson(string file, object json) => File.WriteAllText(PathOf(file), JsonSerializer.Serialize(json));
    }

    private static void WriteNetwork(ModelProto exported, OnnxGraphFile placed, string path)
    {
        using var data = File.Create(Path.Combine(Path.GetDirectoryName(path)!, WeightsFile));
        foreach (var tensor in exported.Graph.Initializer.Where(PlacedWeights.IsWeight))
        {
            var key = PlacedWeights.KeyOf(tensor);
            var weight = placed.Weights.First(one => one.Data is not null && PlacedWeights.KeyOf(one.Tensor) == key);
            var bytes = new byte[tensor.Dims.Aggregate((long)sizeof(float), (size, side) => size * side)];
            StoredFloats.Write(StoredFloats.Read(placed.Weights.Read(weight), weight.Element), bytes, OnnxElement.Float32);
            data.SetLength((data.Length + Alignment - 1) / Alignment * Alignment);
            tensor.ExternalData.Clear();
            tensor.ExternalData.Add(Entry(ExternalData.LocationKey, WeightsFile));
            tensor.ExternalData.Add(Entry(ExternalData.OffsetKey, data.Length.ToString(CultureInfo.InvariantCulture)));
            tensor.ExternalData.Add(Entry(ExternalData.LengthKey, bytes.Length.ToString(CultureInfo.InvariantCulture)));
            Append(data, bytes);
        }

        File.WriteAllBytes(path, exported.ToByteArray());
    }

    /// <summary>Zeros become a hole, which takes no place on disk.</summary>
    private static void Append(FileStream data, byte[] bytes)
    {
        data.Position = data.Length;
        if (bytes.AsSpan().ContainsAnyExcept((byte)0))
        {
            data.Write(bytes);
            data.Flush();
        }
        else
        {
            data.SetLength(data.Length + bytes.Length);
        }
    }

    private static StringStringEntryProto Entry(string key, string value) => new() { Key = key, Value = value };
}
