using RenderFarm.Diffusion.Checkpoints;
using RenderFarm.Diffusion.Models;
using RenderFarm.Diffusion.Models.Reading;
using RenderFarm.Diffusion.Tests.Checkpoints;
using RenderFarm.TestKit;
using RenderFarm.TestKit.Goldens;

namespace RenderFarm.Diffusion.Tests.Models;

public sealed class ModelFilesTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_folder_is_the_same_model_elsewhere_and_is_not_hashed_again(bool hasSums)
    {
        using var copy = new CopiedModel(GoldenFolder.EmojiModel);
        if (!hasSums)
        {
            File.Delete(copy.PathOf("SHA256SUMS"));
            copy.Write("unet/notes.txt", "with a digest of its own");
        }

        var model = ModelFolder.Open(copy.Folder, ct: TestContext.Current.CancellationToken);
        var files = ModelFiles.Of(model, TestContext.Current.CancellationToken);

        var elsewhere = Move(model, files);

        Assert.Null(ModelFiles.PredictionOf(model));
        Assert.Equal(model.Digest, ModelFiles.Digest(Hashes(files), null));
        Assert.Equal(model.Digest, ModelFolder.Open(elsewhere, verifyDigest: true, TestContext.Current.CancellationToken).Digest);
        Assert.True(File.Exists(Path.Combine(elsewhere, "SHA256SUMS")));
        Assert.Equal(!hasSums, File.Exists(Path.Combine(elsewhere, "unet", "notes.txt")));
    }

    [Fact]
    public void A_checkpoint_is_the_same_model_elsewhere_also_when_its_folder_moves_on_and_is_not_hashed_again()
    {
        var file = _folder.File("my photos.safetensors");
        File.Copy(TinyCheckpoint.File, file);
        var model = TinyCheckpoint.Open(file);
        var files = ModelFiles.Of(model, TestContext.Current.CancellationToken);

        Assert.Equal(("model.safetensors", file), (Assert.Single(files).Path, files[0].Source));
        Assert.Equal(("epsilon", model.Digest), (ModelFiles.PredictionOf(model), ModelFiles.Digest(Hashes(files), "epsilon")));
        var moved = _folder.File("moved");
        Directory.Move(Move(model, files), moved);
        var written = File.GetLastWriteTimeUtc(Path.Combine(moved, ModelFiles.Checkpoint));
        var read = CheckpointReader.ReadLinked(moved, TinyCheckpoint.Parts, FileHashes.Unremembered, TestContext.Current.CancellationToken)?.Model;

        Assert.Equal((model.Digest, "epsilon", Path.Combine(moved, ModelFiles.Checkpoint)), (read?.Digest, read?.PredictionType, read?.CheckpointFile));

        // Whoever reads the file again would see that it is another one now.
        SpoilLastByte(Path.Combine(moved, ModelFiles.Checkpoint));
        File.SetLastWriteTimeUtc(Path.Combine(moved, ModelFiles.Checkpoint), written);
        Assert.Equal(model.Digest, CheckpointReader.ReadLinked(moved, TinyCheckpoint.Parts, FileHashes.Unremembered, TestContext.Current.CancellationToken)?.Model?.Digest);
    }

    [Fact]
    public void A_checkpoint_with_another_VAE_and_what_was_said_of_it_is_the_same_model_elsewhere_and_draws_the_same()
    {
        var (file, vae) = (_folder.File("my photos.safetensors"), _folder.File("diffusion_pytorch_model.safetensors"));
        TinyCheckpointFiles.Write(file, vae);
        var model = TinyCheckpoint.Open(file, new CheckpointChoices { Vae = vae, Prediction = "v_prediction" });
        var files = ModelFiles.Of(model, TestContext.Current.CancellationToken);
        Assert.Equal([("model.safetensors", file), ("vae.safetensors", vae)], files.Select(one => (one.Path, one.Source)));
        Assert.Equal(("v_prediction", model.Digest), (ModelFiles.PredictionOf(model), ModelFiles.Digest(Hashes(files), "v_prediction")));
        var expected = Draw(model);

        var elsewhere = Move(model, files);
        File.Delete(file);
        File.Delete(vae);

        var read = CheckpointReader.ReadLinked(elsewhere, TinyCheckpoint.Parts, FileHashes.Unremembered, TestContext.Current.CancellationToken)?.Model;
        Assert.Equal((model.Digest, "v_prediction", Path.Combine(elsewhere, ModelFiles.Vae)), (read?.Digest, read?.PredictionType, read?.VaeFile));
        Assert.Equal(expected, Draw(read!));
        var written = File.GetLastWriteTimeUtc(read!.VaeFile!);
        SpoilLastByte(read.VaeFile!);
        File.SetLastWriteTimeUtc(read.VaeFile!, written);
        Assert.Equal(model.Digest, CheckpointReader.ReadLinked(elsewhere, TinyCheckpoint.Parts, FileHashes.Unremembered, TestContext.Current.CancellationToken)?.Model?.Digest);
    }

    [Theory]
    [InlineData("model.safetensors", "unet/model.onnx")]
    [InlineData("vae.safetensors", "unet/model.onnx")]
    public void Files_with_a_prediction_are_a_checkpoint_and_perhaps_its_VAE(string one, string other)
    {
        var hashes = new Dictionary<string, string> { [one] = new('a', 64), [other] = new('b', 64) };
        var fault = Assert.Throws<ArgumentException>(() => ModelFiles.Digest(hashes, "epsilon"));
        Assert.Contains("unet/model.onnx", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_folder_of_diffusers_whose_files_are_links_is_the_same_model_elsewhere_and_draws_the_same()
    {
        var (folder, blob) = (_folder.File("mine"), _folder.File("0a1b2c"));
        TinyDiffusersFolder.Write(folder);
        File.Move(Path.Combine(folder, "unet", "diffusion_pytorch_model.safetensors"), blob);
        File.CreateSymbolicLink(Path.Combine(folder, "unet", "diffusion_pytorch_model.safetensors"), "../../0a1b2c");
        var model = Read(folder);
        var expected = Draw(model);

        var elsewhere = Read(Move(model, ModelFiles.Of(model, TestContext.Current.CancellationToken)));

        Assert.Equal((model.Digest, true), (elsewhere.Digest, elsewhere.IsCheckpoint));
        Assert.Equal(expected, Draw(elsewhere));

        static ModelFolder Read(string folder) =>
            DiffusersReader.Read(folder, TinyCheckpoint.Parts, verifyDigest: true, FileHashes.Unremembered, TestContext.Current.CancellationToken).Model!;
    }

    private static byte[] Draw(ModelFolder model)
    {
        using var pipeline = DiffusionPipeline.Load(model, new PipelineOptions());
        var dog = new ImageRequest { Prompt = "a dog", Steps = 2, Guidance = 4, Sampler = SamplerNames.Euler, Seed = 5, Width = 64, Height = 64 };
        return pipeline.Render([dog])[0].Rgb.ToArray();
    }

    private static void SpoilLastByte(string file)
    {
        var bytes = File.ReadAllBytes(file);
        bytes[^1] ^= 1;
        File.WriteAllBytes(file, bytes);
    }

    private static Dictionary<string, string> Hashes(IReadOnlyList<ModelFile> files) => files.ToDictionary(file => file.Path, file => file.Sha256);

    /// <summary>Copies the files and nothing else, as the store does.</summary>
    private string Move(ModelFolder model, IReadOnlyList<ModelFile> files)
    {
        var target = Directory.CreateDirectory(_folder.File("elsewhere")).FullName;
        foreach (var file in files)
        {
            Assert.Equal(new FileInfo(file.Source).Length, file.Bytes);
            var place = Path.Combine(target, file.Path);
            Directory.CreateDirectory(Path.GetDirectoryName(place)!);
            File.Copy(file.Source, place);
        }

        ModelFiles.Complete(target, Hashes(files), ModelFiles.PredictionOf(model));
        return target;
    }
}
