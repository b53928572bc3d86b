using RenderFarm.Diffusion.Images;
using RenderFarm.Diffusion.ImageToImage;
using RenderFarm.Diffusion.Lora;
using RenderFarm.Diffusion.Models;
using RenderFarm.Diffusion.Tests.Lora;
using RenderFarm.TestKit;

namespace RenderFarm.Diffusion.Tests.Checkpoints;

public sealed class CheckpointReaderTests(LoadedModels models) : IDisposable
{
    private const string Changed = "model.diffusion_model.input_blocks.1.1.transformer_blocks.0.attn1.to_q.weight";
    private const string ChangedModule = "lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn1_to_q";

    private static readonly ImageRequest Dog = new() { Prompt = "a dog", Steps = 3, Guidance = 4, Sampler = SamplerNames.Euler, Seed = 5, Width = 64, Height = 64 };

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_checkpoint_says_what_it_is()
    {
        var model = models.Checkpoint(TinyCheckpoint.File).Model;

        Assert.Equal(("tiny-sd1", "sd1", "float16", "epsilon"), (model.Name, model.Family, model.Precision, model.PredictionType));
        Assert.Equal((8, 64, 512), (model.LatentFactor, model.SizeMultiple, model.DefaultWidth));
        Assert.Equal((true, true, 2), (model.CanStartFromImage, model.SupportsRowTimesteps, model.MaxClipSkip));
        Assert.Equal(64, model.Digest.Length);
    }

    [Fact]
    public void A_checkpoint_is_read_where_it_lies_through_links_and_without_leave_to_write()
    {
        var file = _folder.File("original.safetensors");
        File.Copy(TinyCheckpoint.File, file);
        File.CreateSymbolicLink(_folder.File("linked.safetensors"), file);
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(file, UnixFileMode.UserRead);
            File.SetUnixFileMode(_folder.Path, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        }

        try
        {
            using var pipeline = DiffusionPipeline.Load(TinyCheckpoint.Open(_folder.File("linked.safetensors")), new PipelineOptions());

            Assert.Equal("linked", pipeline.Model.Name);
            Assert.Equal(models.Checkpoint(TinyCheckpoint.File).Render([Dog])[0].Latent.ToArray(), pipeline.Render([Dog])[0].Latent.ToArray());
        }
        finally
        {
            if (!OperatingSystem.IsWindows())
            {
                File.SetUnixFileMode(_folder.Path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            }
        }
    }

    [Theory]
    [InlineData("F16", 2e-3)]
    [InlineData("BF16", 5e-3)]
    public void A_LoRA_changes_a_checkpoint_as_if_it_lay_in_the_file(string dtype, double share)
    {
        float[] down = [.. Enumerable.Range(0, 32).Select(i => (i - 16) * 0.02f)], up = [.. Enumerable.Range(0, 32).Select(i => (i % 5) - 2f)];
        SafetensorsBytes.Write(_folder.File("style.safetensors"), new Dictionary<string, (long[], float[])>
        {
            [$"{ChangedModule}.lora_down.weight"] = ([1, 32], down),
            [$"{ChangedModule}.lora_up.weight"] = ([32, 1], up),
        });
        SafetensorsBytes.Write(_folder.File("plain.safetensors"), SafetensorsBytes.Read(TinyCheckpoint.File), dtype: dtype);
        var tensors = SafetensorsBytes.Read(_folder.File("plain.safetensors"));
        var weight = tensors[Changed].Values;
        for (var i = 0; i < weight.Length; i++)
        {
            weight[i] += up[i / 32] * down[i % 32];
        }

        SafetensorsBytes.Write(_folder.File("merged.safetensors"), tensors);
        using var merged = DiffusionPipeline.Load(TinyCheckpoint.Open(_folder.File("merged.safetensors")), new PipelineOptions());
        using var plain = DiffusionPipeline.Load(TinyCheckpoint.Open(_folder.File("plain.safetensors")), new PipelineOptions { LoraFolder = _folder.Path });

        var expected = merged.Render([Dog])[0].Latent;
        Assert.Equal("float32", merged.Model.Precision);
        Assert.True(Differences.Largest(expected.Span, plain.Render([Dog])[0].Latent.Span) > 2 * share * Differences.LargestOf(expected.Span));

        // What is merged is rounded to the precision that the checkpoint has.
        Differences.AssertWithin(share, expected.Span, plain.Render([Dog with { Loras = [new LoraUse { Name = "style" }] }])[0].Latent.Span);
    }

    [Fact]
    public void Pictures_without_seams_and_from_pictures_come_from_a_checkpoint_as_well()
    {
        var pipeline = models.Checkpoint(TinyCheckpoint.File);
        var first = pipeline.Render([Dog])[0];
        var start = new StartImage { Image = new InputImage(64, 64, first.Rgb), Strength = 0.5 };

        Assert.True(Differences.Largest(first.Latent.Span, pipeline.Render([Dog with { Tiling = true }])[0].Latent.Span) > 1e-3);
        Assert.True(Differences.Largest(first.Latent.Span, pipeline.Render([Dog with { Start = start }])[0].Latent.Span) > 1e-3);
    }

    [Theory]
    [InlineData("photos: second try.safetensors")]
    [InlineData(@"photos\second.safetensors")]
    public void A_checkpoint_of_a_name_that_graphs_cannot_tell_is_refused_with_what_to_do(string name)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "No file has such a name there.");
        File.Copy(TinyCheckpoint.File, _folder.File(name));

        var problem = Assert.Single(TinyCheckpoint.Inspect(_folder.File(name)).Problems);

        Assert.Equal((name, "Rename the file."), (problem.File, problem.Fix));
    }

    [Fact]
    public void What_a_checkpoint_lacks_is_named()
    {
        var tensors = SafetensorsBytes.Read(TinyCheckpoint.File);
        tensors.Remove("first_stage_model.decoder.conv_out.bias");
        SafetensorsBytes.Write(_folder.File("cut.safetensors"), tensors);

        var problem = Assert.Single(TinyCheckpoint.Inspect(_folder.File("cut.safetensors")).Problems);

        Assert.Equal(("cut.safetensors", "It lacks first_stage_model.decoder.conv_out.bias."), (problem.File, problem.Problem));
    }

    [Fact]
    public void A_checkpoint_of_other_widths_than_its_familys_is_refused()
    {
        var problem = Assert.Single(ModelFolder.Inspect(TinyCheckpoint.File).Problems);

        Assert.Equal("tiny-sd1.safetensors", problem.File);
        Assert.Contains("is needed", problem.Problem, StringComparison.Ordinal);
    }
}
