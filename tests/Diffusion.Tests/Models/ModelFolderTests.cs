using RenderFarm.Diffusion.Models;
using RenderFarm.Diffusion.Models.Reading;
using RenderFarm.Diffusion.Onnx;
using RenderFarm.Diffusion.Tests.Onnx;
using RenderFarm.TestKit.Goldens;

namespace RenderFarm.Diffusion.Tests.Models;

public sealed class ModelFolderTests : IDisposable
{
    private readonly CopiedModel _model = new(GoldenFolder.Model("tiny-sd2"));

    public void Dispose() => _model.Dispose();

    [Fact]
    public void A_sound_folder_is_described()
    {
        var model = ModelFolder.Open(GoldenFolder.EmojiModel);

        Assert.Equal("emoji", model.Name);
        Assert.Equal("sd1", model.Family);
        Assert.Equal((8, 32, 128, 128), (model.LatentFactor, model.SizeMultiple, model.DefaultWidth, model.DefaultHeight));
        Assert.True(model.SupportsRowTimesteps);
        Assert.Equal(3, model.MaxClipSkip);
        Assert.Equal(64, model.Digest.Length);
        Assert.InRange(model.WeightBytes, 39_000_000, 40_000_000);
    }

    [Fact]
    public void A_folder_with_a_scalar_timestep_and_only_the_last_text_layer_says_so()
    {
        var model = ModelFolder.Open(_model.Folder);

        Assert.False(model.SupportsRowTimesteps);
        Assert.Equal(0, model.MaxClipSkip);
        Assert.Equal((2, 64), (model.LatentFactor, model.DefaultWidth));
    }

    [Fact]
    public void A_list_of_digests_that_leaves_out_weights_beside_a_network_is_refused()
    {
        MoveWeightsAside();
        File.Delete(_model.PathOf(ModelDigest.FileName));
        var hashes = ModelDigest.Hashes(_model.Folder, CancellationToken.None).ToDictionary();
        File.WriteAllText(_model.PathOf(ModelDigest.FileName), ModelDigest.Lines(hashes));
        Assert.Empty(ModelFolder.Inspect(_model.Folder).Problems);

        hashes.Remove("unet/model.onnx_data");
        File.WriteAllText(_model.PathOf(ModelDigest.FileName), ModelDigest.Lines(hashes));

        Assert.Equal("It does not list unet/model.onnx_data.", Broken(ModelDigest.FileName).Problem);
    }

    [Fact]
    public void A_folder_of_links_as_caches_of_downloads_have_it_is_the_model_that_its_files_are()
    {
        MoveWeightsAside();
        File.Delete(_model.PathOf(ModelDigest.FileName));
        var linked = LinkedFromElsewhere(_ => "blobs");
        var (plain, model) = (ModelFolder.Open(_model.Folder), ModelFolder.Open(linked));

        Assert.Equal((plain.Digest, plain.WeightBytes), (model.Digest, model.WeightBytes));
        Assert.Equal(PictureOf(_model.Folder), PictureOf(linked));
    }

    [Fact]
    public void A_link_beside_a_network_that_leads_nowhere_takes_no_memory()
    {
        var bytes = ModelFolder.Open(_model.Folder).WeightBytes;
        File.WriteAllText(_model.PathOf(ModelDigest.FileName), ModelDigest.Lines(ModelDigest.Hashes(_model.Folder, CancellationToken.None)));
        File.CreateSymbolicLink(_model.PathOf("unet/model.onnx_data"), "gone");

        Assert.Equal(bytes, ModelFolder.Open(_model.Folder).WeightBytes);
    }

    [Fact]
    public void A_network_whose_links_lead_to_several_folders_is_refused_with_what_to_do()
    {
        MoveWeightsAside();
        var network = OnnxGraphFile.Read(_model.PathOf("unet/model.onnx"));
        network.Model.Graph.Initializer.Add(OnnxBytes.Tensor("more", [1], ("location", "more.bin")));
        File.WriteAllBytes(_model.PathOf("unet/model.onnx"), network.ToBytes());
        File.WriteAllBytes(_model.PathOf("unet/more.bin"), new byte[4]);
        File.Delete(_model.PathOf(ModelDigest.FileName));

        var linked = LinkedFromElsewhere(file => file == "unet/more.bin" ? "others" : "blobs");

        var problem = Assert.Single(ModelFolder.Inspect(linked).Problems);
        Assert.Equal("unet/model.onnx", problem.File);
        Assert.Contains("'model.onnx_data' in ", problem.Problem, StringComparison.Ordinal);
        Assert.Contains("'more.bin' in ", problem.Problem, StringComparison.Ordinal);
        Assert.Contains("copy the files to where the links are", problem.Problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("model_index.json")]
    [InlineData("scheduler/scheduler_config.json")]
    [InlineData("text_encoder/config.json")]
    [InlineData("text_encoder/model.onnx")]
    [InlineData("tokenizer/merges.txt")]
    [InlineData("tokenizer/vocab.json")]
    [InlineData("unet/config.json")]
    [InlineData("unet/model.onnx")]
    [InlineData("vae_decoder/config.json")]
    [InlineData("vae_decoder/model.onnx")]
    public void A_missing_file_is_named(string file)
    {
        File.Delete(_model.PathOf(file));

        Assert.Contains("missing", Broken(file).Problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("model_index.json")]
    [InlineData("scheduler/scheduler_config.json")]
    [InlineData("text_encoder/config.json")]
    [InlineData("unet/config.json")]
    [InlineData("vae_decoder/config.json")]
    public void A_broken_config_is_named(string file)
    {
        _model.Write(file, "{ \"_class_name\": ");

        Assert.Contains("not JSON", Broken(file).Problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("scheduler/scheduler_config.json", "DDIMScheduler", "WishScheduler", "_class_name", "EulerDiscreteScheduler")]
    [InlineData("scheduler/scheduler_config.json", "v_prediction", "w_prediction", "prediction_type", "epsilon")]
    [InlineData("scheduler/scheduler_config.json", "scaled_linear", "cosine_but_odd", "beta_schedule", "linear")]
    [InlineData("scheduler/scheduler_config.json", "leading", "jumping", "timestep_spacing", "trailing")]
    [InlineData("scheduler/scheduler_config.json", "\"rescale_betas_zero_snr\": false", "\"rescale_betas_zero_snr\": true", "rescale_betas_zero_snr", "not supported")]
    [InlineData("scheduler/scheduler_config.json", "\"_class_name\"", "\"class_name\"", "_class_name", "missing")]
    [InlineData("model_index.json", "StableDiffusionPipeline", "StableAudioPipeline", "_class_name", "StableDiffusionPipeline")]
    [InlineData("unet/config.json", "\"in_channels\": 4", "\"in_channels\": 9", "in_channels", "sample (Float32 [?, 4, ?, ?])")]
    [InlineData("unet/config.json", "\"sample_size\": 32", "\"sample_size\": \"big\"", "sample_size", "whole number")]
    [InlineData("vae_decoder/config.json", "\"latent_channels\": 4", "\"latent_channels\": -4", "latent_channels", "positive")]
    public void A_value_that_is_not_allowed_is_named_with_what_is(string file, string from, string to, string key, string allowed)
    {
        _model.Replace(file, from, to);

        var problem = Broken(file).Problem;
        Assert.Contains(key, problem, StringComparison.Ordinal);
        Assert.Contains(allowed, problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("unet/model.onnx", "encoder_hidden_states", "encoder_hidden_statez")]
    [InlineData("unet/model.onnx", "out_sample", "out_simple")]
    [InlineData("text_encoder/model.onnx", "input_ids", "input_idz")]
    [InlineData("text_encoder/model.onnx", "last_hidden_state", "last_hidden_stale")]
    [InlineData("vae_decoder/model.onnx", "latent_sample", "latent_simple")]
    public void A_network_with_other_names_is_named_with_those_found_and_needed(string file, string needed, string found)
    {
        _model.ReplaceBytes(file, needed, found);

        var problem = Broken(file).Problem;
        Assert.Contains($" {needed}", problem, StringComparison.Ordinal);
        Assert.Contains(found, problem, StringComparison.Ordinal);
    }

    [Fact]
    public void A_network_that_the_runtime_refuses_is_named()
    {
        _model.ReplaceBytes("unet/model.onnx", "Softmax", "Softmay");

        var problem = Assert.Throws<ModelFolderException>(() => DiffusionPipeline.Load(_model.Folder));
        Assert.Equal("unet/model.onnx", problem.File);
        Assert.Contains("Softmay", problem.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void A_network_cut_anywhere_is_a_problem_and_never_a_crash()
    {
        var path = _model.PathOf("text_encoder/model.onnx");
        var whole = File.ReadAllBytes(path);
        foreach (var length in new[] { 0, 1, 7, 100, 5_000, whole.Length / 2, whole.Length - 1 })
        {
            File.WriteAllBytes(path, whole[..length]);
            Assert.Equal("text_encoder/model.onnx", Broken("text_encoder/model.onnx").File);
        }
    }

    [Fact]
    public void Every_problem_is_reported_at_once()
    {
        File.Delete(_model.PathOf("unet/model.onnx"));
        _model.Write("scheduler/scheduler_config.json", "[]");
        _model.Replace("model_index.json", "StableDiffusionPipeline", "Other");

        var problems = ModelFolder.Inspect(_model.Folder).Problems;

        Assert.Equal(["model_index.json", "scheduler/scheduler_config.json", "unet/model.onnx"], problems.Select(problem => problem.File));
        Assert.All(problems, problem => Assert.NotEmpty(problem.Fix));
    }

    [Fact]
    public void A_folder_that_is_not_there_is_named()
    {
        var problem = Assert.Throws<ModelFolderException>(() => ModelFolder.Open(_model.PathOf("elsewhere")));

        Assert.Contains("elsewhere", problem.Message, StringComparison.Ordinal);
        Assert.Contains("does not exist", problem.Problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("tokenizer/vocab.json", "{ \"a\": \"b\" }", "'a'")]
    [InlineData("tokenizer/vocab.json", "", "not JSON")]
    [InlineData("tokenizer/merges.txt", "#version: 0.2\none two three\n", "one two three")]
    [InlineData("tokenizer/tokenizer_config.json", "{ \"pad_token\": \"<|nothing|>\" }", "<|nothing|>")]
    public void A_broken_tokenizer_is_named(string file, string text, string told)
    {
        _model.Write(file, text);

        Assert.Contains(told, Broken(file).Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Damage_anywhere_is_never_a_crash()
    {
        // Seeded, so that every run damages the same bytes.
        var random = new Random(17);
        foreach (var file in new[] { "unet/model.onnx", "unet/config.json", "scheduler/scheduler_config.json", "tokenizer/tokenizer_config.json", "model_index.json" })
        {
            var sound = File.ReadAllBytes(_model.PathOf(file));
            for (var attempt = 0; attempt < 40; attempt++)
            {
                byte[] damaged = [.. sound];
                for (var flip = 0; flip < 5; flip++)
                {
                    damaged[random.Next(Math.Min(damaged.Length, 2000))] = (byte)random.Next(256);
                }

                File.WriteAllBytes(_model.PathOf(file), damaged);
                var inspection = ModelFolder.Inspect(_model.Folder);
                Assert.True(inspection.Model is null == inspection.Problems.Count > 0);
            }

            File.WriteAllBytes(_model.PathOf(file), sound);
        }
    }

    /// <summary>The UNet's weights become a file beside its graph, as exporters of large networks write them.</summary>
    private void MoveWeightsAside()
    {
        var network = _model.PathOf("unet/model.onnx");
        var graph = OnnxGraphFile.Read(network);
        foreach (var entry in Tensors.Of(graph.Model).SelectMany(tensor => tensor.ExternalData).Where(entry => entry.Key == ExternalData.LocationKey))
        {
            entry.Value = "model.onnx_data";
        }

        File.Move(network, _model.PathOf("unet/model.onnx_data"));
        File.WriteAllBytes(network, graph.ToBytes());
    }

    /// <summary>A folder of links to copies of the model's files, which have names that say nothing and lie in a folder beside it.</summary>
    private string LinkedFromElsewhere(Func<string, string> folderOf)
    {
        var (above, files) = (Path.GetDirectoryName(_model.Folder)!, ModelDigest.FilesOf(_model.Folder).ToArray());
        for (var i = 0; i < files.Length; i++)
        {
            var (blob, link) = (Path.Combine(above, folderOf(files[i]), $"{i:x8}"), Path.Combine(above, "snapshots", files[i]));
            Directory.CreateDirectory(Path.GetDirectoryName(blob)!);
            Directory.CreateDirectory(Path.GetDirectoryName(link)!);
            File.Copy(_model.PathOf(files[i]), blob);
            File.CreateSymbolicLink(link, Path.GetRelativePath(Path.GetDirectoryName(link)!, blob));
        }

        return Path.Combine(above, "snapshots");
    }

    private static byte[] PictureOf(string folder)
    {
        using var pipeline = DiffusionPipeline.Load(folder);
        return pipeline.Render([new() { Prompt = "a dog", Steps = 1, Seed = 1 }])[0].Rgb.ToArray();
    }

    private ModelProblem Broken(string file)
    {
        var inspection = ModelFolder.Inspect(_model.Folder);
        Assert.Null(inspection.Model);
        var thrown = Assert.Throws<ModelFolderException>(() => DiffusionPipeline.Load(_model.Folder));
        Assert.Equal(_model.Folder, thrown.Folder);
        Assert.Contains(file, thrown.Message, StringComparison.Ordinal);
        Assert.NotEmpty(thrown.Fix);
        return inspection.Problems.First(problem => problem.File == file);
    }
}
