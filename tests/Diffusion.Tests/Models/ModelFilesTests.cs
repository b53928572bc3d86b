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
        var bytes = File.ReadAllBytes(Path.Combine(moved, ModelFiles.Checkpoint));
        bytes[^1] ^= 1;
        File.WriteAllBytes(Path.Combine(moved, ModelFiles.Checkpoint), bytes);
        File.SetLastWriteTimeUtc(Path.Combine(moved, ModelFiles.Checkpoint), written);
        Assert.Equal(model.Digest, CheckpointReader.ReadLinked(moved, TinyCheckpoint.Parts, FileHashes.Unremembered, TestContext.Current.CancellationToken)?.Model?.Digest);
    }

    [Fact]
    public void Files_with_a_prediction_are_one_checkpoint()
    {
        var hashes = new Dictionary<string, string> { ["model.safetensors"] = new('a', 64), ["unet/model.onnx"] = new('b', 64) };
        var fault = Assert.Throws<ArgumentException>(() => ModelFiles.Digest(hashes, "epsilon"));
        Assert.Contains("unet/model.onnx", fault.Message, StringComparison.Ordinal);
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
