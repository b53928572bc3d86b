using RenderFarm.Diffusion.Models;
using RenderFarm.TestKit;
using RenderFarm.TestKit.Goldens;

namespace RenderFarm.Cli.Tests.Commands;

public sealed class AddCheckpointTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_checkpoint_is_added_without_a_copy_and_told_with_what_was_recognized()
    {
        var file = _folder.File("photos.safetensors");
        SparseCheckpoint.Write(file, SparseCheckpoint.TensorsOf("sd1-inpainting"));

        var (code, line) = await CommandLine.RunAsync(["models", "add", file, "--data", _folder.File("data")]);

        var added = _folder.File("data/models/photos");
        Assert.Equal((ExitCodes.Done, ""), (code, line.Error));
        Assert.Matches("^photos is a checkpoint: sd1-inpainting, 512x512, digest [0-9a-f]{64}$", line.Lines[0]);
        Assert.Equal(
            [
                "weights    float16",
                "predicts   epsilon (told by the family's usual one)",
                "sizes      512x512 unless asked otherwise, multiples of 64",
                "timesteps  one per row: rows of a batch may differ in sampler and steps",
                "clip skip  up to 11",
                "does       text to image, image to image, inpainting (the UNet sees the mask)",
                "has        nothing besides",
                $"file       {file}, which stays where it is",
                $"photos is in {added}; a farm that runs now knows it after its next start.",
            ],
            line.Lines.Skip(1));
        Assert.InRange(Directory.EnumerateFiles(added).Sum(one => new FileInfo(one).Length), 1, 1000);
        Assert.Equal("sd1-inpainting", ModelFolder.Open(added, verifyDigest: true, TestContext.Current.CancellationToken).Family);
    }

    [Fact]
    public async Task What_a_checkpoint_predicts_can_be_said_and_changes_its_digest()
    {
        var file = _folder.File("photos.safetensors");
        SparseCheckpoint.Write(file, SparseCheckpoint.TensorsOf("sd2"));

        var (_, plain) = await CommandLine.RunAsync(["models", "check", file]);
        var (code, line) = await CommandLine.RunAsync(["models", "add", file, "--prediction", "v", "--data", _folder.File("data")]);

        Assert.Equal(ExitCodes.Done, code);
        Assert.Contains("predicts   epsilon (told by the weights)", plain.Lines);
        Assert.Contains("predicts   v_prediction (told by the one who added it)", line.Lines);
        var model = ModelFolder.Open(_folder.File("data/models/photos"), verifyDigest: true, TestContext.Current.CancellationToken);
        Assert.Equal(("photos", "v_prediction", 768), (model.Name, model.PredictionType, model.DefaultWidth));
        Assert.DoesNotContain(model.Digest, plain.Lines[0], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("v", "v_prediction (told by modelspec.prediction_type)")]
    [InlineData("epsilon", "epsilon (told by the one who added it)")]
    public async Task An_added_checkpoint_tells_who_says_what_it_predicts(string said, string told)
    {
        var file = _folder.File("photos.safetensors");
        SparseCheckpoint.Write(file, SparseCheckpoint.TensorsOf("sdxl"), "F16", new Dictionary<string, string> { ["modelspec.prediction_type"] = "v" });
        await CommandLine.RunAsync(["models", "add", file, "--prediction", said, "--data", _folder.File("data")]);

        var (_, line) = await CommandLine.RunAsync(["models", "check", _folder.File("data/models/photos")]);

        Assert.Contains($"predicts   {told}", line.Lines);
    }

    [Fact]
    public async Task A_checkpoint_is_added_with_another_VAE_which_is_not_copied_either()
    {
        var (file, vae) = (_folder.File("photos.safetensors"), _folder.File("clear.safetensors"));
        SparseCheckpoint.Write(file, SparseCheckpoint.TensorsOf("sd1").Where(tensor => !tensor.Key.StartsWith("first_stage_model.", StringComparison.Ordinal)).ToDictionary());
        SparseCheckpoint.Write(vae, CheckpointKeys.Of("vae").ToDictionary(key => key.Diffusers, key => key.Shape.ToArray()), "F32");

        var (refused, without) = await CommandLine.RunAsync(["models", "add", file, "--data", _folder.File("data")]);
        var (code, line) = await CommandLine.RunAsync(["models", "add", file, "--vae", vae, "--data", _folder.File("data")]);

        Assert.Equal(ExitCodes.Failed, refused);
        Assert.StartsWith("photos.safetensors: It has no VAE.", without.Error, StringComparison.Ordinal);
        Assert.Equal((ExitCodes.Done, ""), (code, line.Error));
        Assert.Contains($"vae        {vae}, which stays where it is", line.Lines);
        Assert.InRange(Directory.EnumerateFiles(_folder.File("data/models/photos")).Sum(one => new FileInfo(one).Length), 1, 2000);
        var model = ModelFolder.Open(_folder.File("data/models/photos"), verifyDigest: true, TestContext.Current.CancellationToken);
        Assert.Equal((file, vae), (model.CheckpointFile, model.VaeFile));
    }

    [Fact]
    public async Task A_VAE_that_is_not_there_or_is_for_a_folder_is_refused()
    {
        var file = _folder.File("photos.safetensors");
        SparseCheckpoint.Write(file, SparseCheckpoint.TensorsOf("sd1"));

        var (_, missing) = await CommandLine.RunAsync(["models", "check", file, "--vae", _folder.File("nothing.safetensors")]);
        var (_, folder) = await CommandLine.RunAsync(["models", "check", GoldenFolder.EmojiModel, "--vae", file]);
        var (code, checkpoint) = await CommandLine.RunAsync(["models", "check", file, "--vae", file]);

        Assert.StartsWith("There is no VAE", missing.Error, StringComparison.Ordinal);
        Assert.StartsWith("--vae is for checkpoints", folder.Error, StringComparison.Ordinal);
        Assert.Equal(ExitCodes.Failed, code);
        Assert.StartsWith("photos.safetensors: It is a checkpoint; a VAE is needed.", checkpoint.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_folder_of_diffusers_is_added_without_a_copy()
    {
        var source = _folder.File("mine");
        SparseCheckpoint.WriteFolder(source);

        var (code, line) = await CommandLine.RunAsync(["models", "add", source, "--data", _folder.File("data")]);

        var added = _folder.File("data/models/mine");
        Assert.Equal((ExitCodes.Done, ""), (code, line.Error));
        Assert.StartsWith("mine is a checkpoint: sd1, 512x512", line.Lines[0], StringComparison.Ordinal);
        Assert.Equal(source, new DirectoryInfo(added).LinkTarget);
        Assert.Equal("sd1", ModelFolder.Open(added, verifyDigest: true, TestContext.Current.CancellationToken).Family);
    }

    [Fact]
    public async Task A_file_that_is_no_checkpoint_is_refused_with_what_it_is()
    {
        var file = _folder.File("style.safetensors");
        SparseCheckpoint.Write(file, new Dictionary<string, long[]> { ["lora_unet_mid_block_attentions_0_proj_in.lora_down.weight"] = [4, 1280] });

        var (code, line) = await CommandLine.RunAsync(["models", "add", file, "--data", _folder.File("data")]);

        Assert.Equal(ExitCodes.Failed, code);
        Assert.StartsWith("style.safetensors: It is a LoRA.", line.Error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_folder.File("data/models/style")));
    }

    [Fact]
    public async Task What_a_folder_predicts_cannot_be_said()
    {
        var (code, line) = await CommandLine.RunAsync(["models", "check", GoldenFolder.EmojiModel, "--prediction", "v"]);

        Assert.Equal(ExitCodes.Failed, code);
        Assert.StartsWith("--prediction is for checkpoints", line.Error, StringComparison.Ordinal);
    }
}
