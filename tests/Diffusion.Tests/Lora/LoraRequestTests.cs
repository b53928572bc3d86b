using RenderFarm.Diffusion.Lora;
using RenderFarm.Diffusion.Lora.Merging;
using RenderFarm.Diffusion.Provenance;
using RenderFarm.Diffusion.Tests.Onnx;
using RenderFarm.Diffusion.Weights;
using RenderFarm.TestKit;
using RenderFarm.TestKit.Goldens;

namespace RenderFarm.Diffusion.Tests.Lora;

public sealed class LoraRequestTests : IDisposable
{
    private const string Kohya = "tiny-sd2.kohya";
    private const string Conv = "lora_unet_down_blocks_0_resnets_0_conv1";

    private static readonly ImageRequest Dog = new() { Prompt = "a dog", Steps = 2, Seed = 3, Sampler = SamplerNames.Euler };

    private readonly TemporaryFolder _folder = new();
    private readonly Lazy<DiffusionPipeline> _pipeline;

    public LoraRequestTests() =>
        _pipeline = new(() => DiffusionPipeline.Load(GoldenFolder.Model("tiny-sd2"), new PipelineOptions { LoraFolder = _folder.Path, LoraSets = 1 }));

    public void Dispose()
    {
        if (_pipeline.IsValueCreated)
        {
            _pipeline.Value.Dispose();
        }

        _folder.Dispose();
    }

    [Fact]
    public void Sets_take_turns_and_leave_the_model_as_it_was()
    {
        Copy(Kohya);
        Copy("tiny-sd2.diffusers");
        var plain = Latent();
        var full = Latent(Use(Kohya));
        var half = Latent(Use(Kohya, 0.5, 0.5));

        Assert.True(Differences.Largest(plain, full) > 0.01);
        Assert.True(Differences.Largest(half, full) > 0.01);
        Assert.Equal(full, Latent(Use(Kohya)));
        Assert.Equal(plain, Latent());
        Differences.AssertWithin(1e-5, full, Latent(Use("tiny-sd2.diffusers")));

        // Twice one half is one, in either order of two names.
        Differences.AssertWithin(1e-4, full, Latent(Use(Kohya, 0.5, 0.5), Use("tiny-sd2.diffusers", 0.5, 0.5)));
        Differences.AssertWithin(1e-4, full, Latent(Use("tiny-sd2.diffusers", 0.5, 0.5), Use(Kohya, 0.5, 0.5)));
    }

    [Fact]
    public void Each_part_of_the_model_has_a_weight_of_its_own()
    {
        Copy(Kohya);

        Assert.Equal(Latent(), Latent(Use(Kohya, 0, 0)));
        Assert.True(Differences.Largest(Latent(Use(Kohya, 1, 0)), Latent(Use(Kohya, 1, 1))) > 1e-3);
        Assert.True(Differences.Largest(Latent(Use(Kohya, 0, 1)), Latent()) > 1e-3);
    }

    [Fact]
    public void A_prompt_in_webuis_syntax_names_loras()
    {
        Copy(Kohya);
        var tagged = Dog with { Prompt = $"a dog<lora:{Kohya}:0.5:0.8>", PromptSyntax = PromptSyntaxNames.Webui };
        var listed = Dog with { PromptSyntax = PromptSyntaxNames.Webui, Loras = [Use(Kohya, 0.8, 0.5)] };

        Assert.Equal(Latent(listed), Latent(tagged));
        Assert.True(_pipeline.Value.CanShareBatch(listed, tagged));
        Assert.False(_pipeline.Value.CanShareBatch(tagged, Dog));
        Assert.Equal("Loras", Assert.Throws<RenderRequestException>(() => _pipeline.Value.Check(Dog with { Prompt = "<lora:other:1>", PromptSyntax = PromptSyntaxNames.Webui })).Field);
    }

    [Fact]
    public void A_file_that_is_replaced_is_merged_anew()
    {
        Copy(Kohya);
        var before = Latent(Use(Kohya));
        SafetensorsBytes.Write(_folder.File(Kohya + ".safetensors"), HalfOf(Kohya), new Dictionary<string, string> { ["note"] = "half" });

        Assert.True(Differences.Largest(before, Latent(Use(Kohya))) > 1e-3);
    }

    [Fact]
    public void A_file_that_a_link_names_is_merged_anew_when_it_is_replaced()
    {
        Directory.CreateDirectory(_folder.File("loras"));
        var original = _folder.File("loras/original");
        File.Copy(GoldenLora(Kohya), original);
        File.CreateSymbolicLink(_folder.File(Kohya + ".safetensors"), original);
        var before = Latent(Use(Kohya));
        SafetensorsBytes.Write(original, HalfOf(Kohya));

        Assert.True(Differences.Largest(before, Latent(Use(Kohya))) > 1e-3);
    }

    [Fact]
    public void Requests_with_other_loras_go_in_other_batches()
    {
        Copy(Kohya);
        var with = Dog with { Loras = [Use(Kohya, 0.8, 1)] };

        Assert.True(_pipeline.Value.CanShareBatch(with, Dog with { Seed = 9, Loras = [Use(Kohya, 0.8, 1)] }));
        Assert.False(_pipeline.Value.CanShareBatch(with, Dog));
        Assert.False(_pipeline.Value.CanShareBatch(with, Dog with { Loras = [Use(Kohya, 0.8, 0.9)] }));
        var problem = Assert.Throws<RenderRequestException>(() => _pipeline.Value.Render([with, Dog]));
        Assert.Equal(("Loras", "none"), (problem.Field, problem.Given));
    }

    [Theory]
    [InlineData("nothing", "one of style, tiny-sd2.kohya")]
    [InlineData("../tiny-sd2.kohya", "one of style, tiny-sd2.kohya")]
    [InlineData("", "one of style, tiny-sd2.kohya")]
    public void A_name_without_a_file_is_refused_with_those_that_are_there(string name, string allowed)
    {
        Copy(Kohya);
        Directory.CreateDirectory(_folder.File("more"));
        File.Copy(GoldenLora(Kohya), Path.Combine(_folder.File("more"), "style.safetensors"));
        Latent(Use("style", 0, 0));

        var problem = Assert.Throws<RenderRequestException>(() => Latent(Use(name)));

        Assert.Equal(("Loras", $"'{name}'", allowed), (problem.Field, problem.Given, problem.Allowed));
        Assert.Equal(problem.Message, Assert.Throws<RenderRequestException>(() => _pipeline.Value.Check(Dog with { Loras = [Use(name)] })).Message);
    }

    [Fact]
    public void Without_a_folder_or_files_the_error_says_so()
    {
        Assert.Contains(_folder.Path, Assert.Throws<RenderRequestException>(() => Latent(Use(Kohya))).Allowed, StringComparison.Ordinal);
        Assert.Contains("LoraFolder is not set", Assert.Throws<RenderRequestException>(() => new LoraFolder(null).Find("x")).Allowed, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(double.NaN, 1)]
    [InlineData(1, double.PositiveInfinity)]
    [InlineData(-10.5, 1)]
    public void A_weight_out_of_range_is_refused(double unet, double text) =>
        Assert.Equal("weights from -10 to 10", Assert.Throws<RenderRequestException>(() => Latent(Use(Kohya, unet, text))).Allowed);

    [Fact]
    public void Keys_that_match_nothing_are_listed()
    {
        Copy("tiny-sdxl.kohya");

        var problem = Assert.Throws<LoraException>(() => Latent(Use("tiny-sdxl.kohya")));

        Assert.Contains("lora_unet_down_blocks_1_attentions_0_transformer_blocks_1_attn1_to_k.lora_down.weight", problem.Keys);
        Assert.DoesNotContain("lora_te1_text_model_encoder_layers_0_mlp_fc1.lora_down.weight", problem.Keys);
        Assert.Contains("more", problem.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(Conv + ".hada_w1_a", 4, "supported")]
    [InlineData(Conv + ".dora_scale", 4, "supported")]
    [InlineData("lora_unet_conv_in.lora_up.weight", 16, "counterparts")]
    [InlineData(Conv + ".lora_A.weight", 4, "mean the same")]
    [InlineData(Conv + ".lora_up.weight", 15, "other shapes")]
    public void Keys_of_another_kind_or_shape_are_listed(string key, int outputs, string told)
    {
        var tensors = SafetensorsBytes.Read(GoldenLora(Kohya));
        tensors[key] = ([outputs, 4, 1, 1], new float[outputs * 4]);
        SafetensorsBytes.Write(_folder.File("other.safetensors"), tensors);

        var problem = Assert.Throws<LoraException>(() => Latent(Use("other")));

        Assert.Contains(told, problem.Problem, StringComparison.Ordinal);
        Assert.Contains(problem.Keys, named => named.StartsWith(key[..key.IndexOf('.', StringComparison.Ordinal)], StringComparison.Ordinal));
    }

    [Fact]
    public void A_file_that_is_no_lora_at_all_is_named()
    {
        File.WriteAllText(_folder.File("broken.safetensors"), "hello hello");

        Assert.Equal(_folder.File("broken.safetensors"), Assert.Throws<WeightFileException>(() => Latent(Use("broken"))).File);
    }

    [Fact]
    public void A_convolution_with_a_kernel_in_the_middle_is_the_product_of_all_three()
    {
        const int Rank = 4;
        float[] Wave(int count) => [.. Enumerable.Range(0, count).Select(i => 0.3f * MathF.Sin(1 + (i * 0.9f)))];
        var (up, mid, down) = (Wave(16 * Rank), Wave(Rank * Rank * 9), Wave(Rank * 16));
        SafetensorsBytes.Write(_folder.File("parts.safetensors"), new Dictionary<string, (long[], float[])>
        {
            [Conv + ".lora_up.weight"] = ([16, Rank, 1, 1], up),
            [Conv + ".lora_mid.weight"] = ([Rank, Rank, 3, 3], mid),
            [Conv + ".lora_down.weight"] = ([Rank, 16, 1, 1], down),
        });
        SafetensorsBytes.Write(_folder.File("whole.safetensors"), new Dictionary<string, (long[], float[])>
        {
            [Conv + ".lora_up.weight"] = ([16, Rank, 1, 1], up),
            [Conv + ".lora_down.weight"] = ([Rank, 16, 3, 3], LowRank.WithMid(down, mid, Rank)),
        });

        var parts = Latent(Use("parts"));

        Differences.AssertWithin(1e-6, Latent(Use("whole")), parts);
        Assert.True(Differences.Largest(Latent(), parts) > 1e-3);
    }

    [Fact]
    public void The_scale_is_alpha_over_rank_wherever_alpha_is_noted()
    {
        var tensors = SafetensorsBytes.Read(GoldenLora("tiny-sd2.diffusers"));
        SafetensorsBytes.Write(_folder.File("noted.safetensors"), tensors, new Dictionary<string, string>
        {
            ["lora_adapter_metadata"] = """{"unet.r":4,"unet.lora_alpha":8,"unet.alpha_pattern":{"attn1.to_q":2},"text_encoder.lora_alpha":2,"text_encoder.use_rslora":true}""",
        });
        tensors["unet.down_blocks.0.resnets.0.conv1.alpha"] = ([], [6]);
        SafetensorsBytes.Write(_folder.File("keyed.safetensors"), tensors);
        using var noted = LoraFile.Open(_folder.File("noted.safetensors"));
        using var keyed = LoraFile.Open(_folder.File("keyed.safetensors"));

        Assert.Equal(1.5, ScaleOf(keyed, "down_blocks_0_resnets_0_conv1"));
        Assert.Equal(1, ScaleOf(keyed, "down_blocks_0_resnets_0_conv2"));
        Assert.Equal(2, ScaleOf(noted, "down_blocks_0_resnets_0_conv1"));
        Assert.Equal(0.5, ScaleOf(noted, "down_blocks_1_attentions_0_transformer_blocks_0_attn1_to_q"));
        Assert.Equal(2 / Math.Sqrt(2), ScaleOf(noted, "text_model_encoder_layers_0_mlp_fc1"), 1e-9);
    }

    [Fact]
    public void The_hash_is_what_the_trainer_noted_or_that_of_the_data()
    {
        var tensors = new Dictionary<string, (long[], float[])> { [Conv + ".alpha"] = ([], [1]) };
        SafetensorsBytes.Write(_folder.File("noted.safetensors"), tensors, new Dictionary<string, string> { ["sshs_model_hash"] = "0123456789abcdef" });
        SafetensorsBytes.Write(_folder.File("plain.safetensors"), tensors, new Dictionary<string, string> { ["other"] = "text" });
        var digest = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(BitConverter.GetBytes(1f)));

        Assert.Equal("0123456789ab", LoraFile.ShortHash(_folder.File("noted.safetensors")));
        Assert.Equal(digest[..12], LoraFile.ShortHash(_folder.File("plain.safetensors")));
    }

    [Fact]
    public void A_picture_and_its_text_tell_the_hashes_of_its_loras()
    {
        Copy(Kohya);
        var pictures = _pipeline.Value.Render([Dog with { Loras = [Use(Kohya)] }]);
        var hash = LoraFile.ShortHash(GoldenLora(Kohya));

        Assert.Equal(hash, pictures[0].LoraHashes[Kohya]);
        Assert.Contains($"Lora hashes: \"{Kohya}: {hash}\"", GenerationText.For(pictures[0], "tiny", "0123456789abcdef"), StringComparison.Ordinal);
        Assert.Empty(_pipeline.Value.Render([Dog])[0].LoraHashes);
    }

    [Fact]
    public void Weights_in_float16_take_a_lora_too()
    {
        Copy(Kohya);
        using var half = new CopiedModel(GoldenFolder.Model("tiny-sd2"));
        HalfModel.Rewrite(half.PathOf("unet/model.onnx"));
        HalfModel.Rewrite(half.PathOf("text_encoder/model.onnx"));
        using var pipeline = DiffusionPipeline.Load(half.Folder, new PipelineOptions { LoraFolder = _folder.Path });

        var latent = pipeline.Render([Dog with { Loras = [Use(Kohya)] }])[0].Latent.ToArray();

        Differences.AssertWithin(0.02, Latent(Use(Kohya)), latent);
        Assert.True(Differences.Largest(Latent(), latent) > 0.05 * Differences.LargestOf(latent));
    }

    private static double ScaleOf(LoraFile file, string module) => file.ScaleOf(file.Parts.First(part => part.Module == module));

    private static LoraUse Use(string name, double unet = 1, double text = 1) => new() { Name = name, UnetWeight = unet, TextWeight = text };

    private static string GoldenLora(string name) => Path.Combine(GoldenFolder.Default, "loras", name + ".safetensors");

    private static Dictionary<string, (long[], float[])> HalfOf(string name) =>
        SafetensorsBytes.Read(GoldenLora(name)).ToDictionary(tensor => tensor.Key, tensor => (tensor.Value.Shape, tensor.Value.Values.Select(value => value * 0.5f).ToArray()));

    private void Copy(string name) => File.Copy(GoldenLora(name), _folder.File(name + ".safetensors"));

    private float[] Latent(params LoraUse[] loras) => Latent(Dog with { Loras = loras });

    private float[] Latent(ImageRequest request) => _pipeline.Value.Render([request])[0].Latent.ToArray();
}
