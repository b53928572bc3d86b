using System.Diagnostics;
using System.Runtime.InteropServices;
using RenderFarm.Diffusion.Checkpoints.Recognition;
using RenderFarm.Diffusion.Models;
using RenderFarm.Diffusion.Weights;
using RenderFarm.TestKit;
using RenderFarm.TestKit.Goldens;

namespace RenderFarm.Diffusion.Tests.Checkpoints.Recognition;

public sealed class RecognizedCheckpointTests : IDisposable
{
    private const string Telling = "model.diffusion_model.output_blocks.11.1.transformer_blocks.0.norm1.bias";

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("sd1", "F16")]
    [InlineData("sd2", "F32")]
    [InlineData("sdxl", "BF16")]
    [InlineData("sd1-inpainting", "F32")]
    [InlineData("sd2-inpainting", "F16")]
    [InlineData("sdxl-inpainting", "F16")]
    public void The_family_and_the_precision_follow_from_names_and_shapes(string family, string dtype)
    {
        var found = RecognizedCheckpoint.Read(Write(SparseCheckpoint.TensorsOf(family), dtype));

        Assert.Equal((family, TensorElements.Named(dtype), PredictionSigns.Epsilon), (found.Family.Name, found.Element, found.Prediction.Type));
    }

    [Fact]
    public void A_checkpoint_of_gigabytes_is_recognized_in_100_milliseconds()
    {
        var path = Write(SparseCheckpoint.TensorsOf("sdxl"), "F16");
        Assert.True(new FileInfo(path).Length > 6L << 30);
        RecognizedCheckpoint.Read(path);

        // The best of some, as the machine is busy with other tests; on one that is very busy, of many.
        var times = Enumerable.Range(0, 100).Select(_ =>
        {
            var start = Stopwatch.GetTimestamp();
            RecognizedCheckpoint.Read(path);
            return Stopwatch.GetElapsedTime(start);
        });

        Assert.Contains(times, time => time <= TimeSpan.FromMilliseconds(100));
    }

    [Theory]
    [InlineData("modelspec.prediction_type", "v", PredictionSigns.V)]
    [InlineData("modelspec.prediction_type", "epsilon", PredictionSigns.Epsilon)]
    [InlineData("ss_v_parameterization", "True", PredictionSigns.V)]
    [InlineData("ss_v_parameterization", "False", PredictionSigns.Epsilon)]
    [InlineData("modelspec.prediction_type", "unheard of", PredictionSigns.Epsilon)]
    public void The_notes_in_the_file_tell_what_it_predicts(string note, string value, string expected)
    {
        var path = Write(SparseCheckpoint.TensorsOf("sdxl"), "F16", new Dictionary<string, string> { [note] = value });

        Assert.Equal(expected, RecognizedCheckpoint.Read(path).Prediction.Type);
    }

    [Theory]
    [InlineData("    parameterization: \"v\"\n", PredictionSigns.V)]
    [InlineData("    parameterization: 'v'\n", PredictionSigns.V)]
    [InlineData("    parameterization: v\n", PredictionSigns.V)]
    [InlineData("    parameterization: \"v\"  # as it was trained\n", PredictionSigns.V)]
    [InlineData("    parameterization: v # 'eps'\r\n", PredictionSigns.V)]
    [InlineData("    # parameterization: v\n", PredictionSigns.Epsilon)]
    [InlineData("    parameterization: eps\n", PredictionSigns.Epsilon)]
    [InlineData("    linear_start: 0.00085\n", PredictionSigns.Epsilon)]
    public void The_config_beside_the_file_tells_what_it_predicts(string line, string expected)
    {
        var path = Write(SparseCheckpoint.TensorsOf("sdxl"), "F16");
        File.WriteAllText(Path.ChangeExtension(path, ".yaml"), $"model:\n  target: x\n  params:\n{line}");

        Assert.Equal(expected, RecognizedCheckpoint.Read(path).Prediction.Type);
    }

    [Theory]
    [InlineData("linked")]
    [InlineData("blob")]
    public void The_config_beside_a_link_or_beside_what_it_names_tells_what_the_file_predicts(string name)
    {
        var file = _folder.File("blob");
        File.Move(Write(SparseCheckpoint.TensorsOf("sdxl"), "F16"), file);
        Directory.CreateDirectory(_folder.File("models"));
        File.CreateSymbolicLink(_folder.File("models/linked.safetensors"), "../blob");
        File.WriteAllText(name == "linked" ? _folder.File("models/linked.yaml") : _folder.File("blob.yaml"), "model:\n  params:\n    parameterization: v\n");

        var found = RecognizedCheckpoint.Read(_folder.File("models/linked.safetensors"));

        Assert.Equal((file, new PredictionFound(PredictionSigns.V, $"{name}.yaml")), (found.File, found.Prediction));
    }

    [Fact]
    public void The_weights_of_SD_2_tell_what_it_predicts_where_nothing_else_does()
    {
        var path = Write(SparseCheckpoint.TensorsOf("sd2"), "F32");
        var tensor = SafetensorsHeader.Read(path).Tensors[Telling];
        using (var file = File.OpenWrite(path))
        {
            file.Position = tensor.Offset;
            file.Write(MemoryMarshal.AsBytes<float>([.. Enumerable.Range(0, (int)tensor.Count).Select(i => i % 2 == 0 ? 0.2f : -0.2f)]));
        }

        Assert.Equal(new PredictionFound(PredictionSigns.V, "the weights"), RecognizedCheckpoint.Read(path).Prediction);
    }

    [Fact]
    public void A_marker_tensor_and_the_one_who_adds_the_file_tell_what_it_predicts()
    {
        var tensors = SparseCheckpoint.TensorsOf("sdxl");
        tensors.Add("v_pred", []);
        var path = Write(tensors, "F16");

        Assert.Equal(PredictionSigns.V, RecognizedCheckpoint.Read(path).Prediction.Type);
        Assert.Equal(PredictionSigns.Epsilon, RecognizedCheckpoint.Read(path, PredictionSigns.Epsilon).Prediction.Type);
    }

    [Theory]
    [InlineData("refiner", "model.diffusion_model.input_blocks.0.0.weight 384,4,3,3; conditioner.embedders.0.model.ln_final.weight 1280; model.diffusion_model.label_emb.0.0.weight 1536,2560")]
    [InlineData("Stable Diffusion 3", "model.diffusion_model.joint_blocks.0.context_block.attn.proj.weight 8,8; first_stage_model.encoder.conv_in.weight 8,8")]
    [InlineData("Flux", "double_blocks.0.img_attn.norm.key_norm.scale 128; single_blocks.0.linear1.weight 8,8")]
    [InlineData("Flux", "model.diffusion_model.double_blocks.0.img_attn.norm.key_norm.scale 128; vae.decoder.conv_in.weight 8,8")]
    [InlineData("ControlNet", "control_model.input_blocks.0.0.weight 320,4,3,3; control_model.input_hint_block.0.weight 16,3,3,3")]
    [InlineData("ControlNet", "controlnet_cond_embedding.conv_in.weight 16,3,3,3; down_blocks.0.resnets.0.conv1.weight 8,8; conv_in.weight 320,4,3,3")]
    [InlineData("IP-Adapter", "ip_adapter.1.to_k_ip.weight 320,768; image_proj.proj.weight 8,8")]
    [InlineData("LoRA", "lora_unet_down_blocks_0_attentions_0_proj_in.lora_down.weight 4,320; lora_unet_down_blocks_0_attentions_0_proj_in.lora_up.weight 320,4")]
    [InlineData("LoRA", "unet.down_blocks.0.attentions.0.proj_in.lora_A.weight 4,320")]
    [InlineData("VAE", "decoder.conv_in.weight 512,4,3,3; encoder.conv_in.weight 128,3,3,3; quant_conv.weight 8,8,1,1")]
    [InlineData("VAE", "first_stage_model.decoder.conv_in.weight 512,4,3,3")]
    [InlineData("textual inversion", "emb_params 4,768")]
    [InlineData("textual inversion", "clip_l 4,768; clip_g 4,1280")]
    [InlineData("textual inversion", "<cat-toy> 1,1024")]
    [InlineData("UNet", "model.diffusion_model.input_blocks.0.0.weight 320,4,3,3")]
    [InlineData("UNet", "conv_in.weight 320,4,3,3; down_blocks.0.resnets.0.conv1.weight 320,320,3,3")]
    [InlineData("text encoder", "text_model.embeddings.token_embedding.weight 49408,768; text_model.final_layer_norm.weight 768; a 3; b 3; c 3")]
    [InlineData("unCLIP", "model.diffusion_model.input_blocks.0.0.weight 320,4,3,3; model.diffusion_model.label_emb.0.0.weight 8,8; cond_stage_model.model.ln_final.weight 8")]
    [InlineData("Playground", "edm_mean 4; model.diffusion_model.input_blocks.0.0.weight 320,4,3,3; conditioner.embedders.1.model.ln_final.weight 8")]
    [InlineData("no kind", "bert.encoder.layer.0.weight 8,8; x 1; y 1; z 1; w 1")]
    [InlineData("7 channels", "model.diffusion_model.input_blocks.0.0.weight 320,7,3,3; cond_stage_model.model.ln_final.weight 8")]
    public void Other_files_are_refused_by_name_with_what_to_do(string told, string tensors)
    {
        var path = Write(tensors.Split("; ").Select(one => one.Split(' ')).ToDictionary(one => one[0], one => one[1].Split(',').Select(long.Parse).ToArray()), "F16");

        var problem = Assert.Throws<ModelFolderException>(() => RecognizedCheckpoint.Read(path));

        Assert.Equal("model.safetensors", problem.File);
        Assert.Contains(told, problem.Problem, StringComparison.Ordinal);
        Assert.NotEmpty(problem.Fix);
    }

    [Theory]
    [InlineData("model.ckpt", "80024b01")]
    [InlineData("model.safetensors", "504b0304")]
    [InlineData("model.safetensors", "80027d71")]
    [InlineData("vae.pt", "00")]
    [InlineData("pytorch_model.bin", "")]
    public void Pickles_are_refused_because_they_are_programs_whatever_they_are_called(string name, string bytes)
    {
        File.WriteAllBytes(_folder.File(name), Convert.FromHexString(bytes));

        var problem = Assert.Throws<ModelFolderException>(() => RecognizedCheckpoint.Read(_folder.File(name)));

        Assert.Contains("runs whatever its author put in", problem.Problem, StringComparison.Ordinal);
        Assert.Contains(".safetensors", problem.Fix, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_is_cut_off_names_the_tensor()
    {
        var path = Write(new Dictionary<string, long[]> { ["w"] = [1000] }, "F16");
        using (var file = File.OpenWrite(path))
        {
            file.SetLength(file.Length - 1);
        }

        Assert.Contains("'w'", Assert.Throws<ModelFolderException>(() => RecognizedCheckpoint.Read(path)).Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Noise_up_to_zero_signal_is_refused()
    {
        var tensors = SparseCheckpoint.TensorsOf("sdxl");
        tensors.Add("ztsnr", []);

        Assert.Contains("ztsnr", Assert.Throws<ModelFolderException>(() => RecognizedCheckpoint.Read(Write(tensors, "F16"))).Problem, StringComparison.Ordinal);
    }

    private string Write(IReadOnlyDictionary<string, long[]> tensors, string dtype, IReadOnlyDictionary<string, string>? texts = null)
    {
        SparseCheckpoint.Write(_folder.File("model.safetensors"), tensors, dtype, texts);
        return _folder.File("model.safetensors");
    }
}
