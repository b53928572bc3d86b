using RenderFarm.Diffusion.Models;
using RenderFarm.Diffusion.Models.Reading;
using RenderFarm.TestKit.Goldens;

namespace RenderFarm.Diffusion.Tests.Models.Reading;

public sealed class ModelDigestTests : IDisposable
{
    private readonly CopiedModel _model = new(GoldenFolder.Model("tiny-sd2"));

    public void Dispose() => _model.Dispose();

    [Fact]
    public void The_bundled_model_states_every_file_it_has()
    {
        var listed = File.ReadLines(Path.Combine(GoldenFolder.EmojiModel, "SHA256SUMS")).Select(line => line[66..]);

        Assert.Equal(ModelDigest.FilesOf(GoldenFolder.EmojiModel), listed);
    }

    [Fact]
    public void The_digest_is_the_same_whether_stated_or_computed_and_however_the_lines_are_ordered()
    {
        var computed = ModelFolder.Open(_model.Folder).Digest;
        WriteSums(ModelDigest.FilesOf(_model.Folder).Reverse(), binary: true);

        Assert.Equal(computed, ModelFolder.Open(_model.Folder).Digest);
    }

    [Fact]
    public void One_changed_byte_changes_the_digest()
    {
        var before = ModelFolder.Open(_model.Folder).Digest;
        _model.Replace("tokenizer/merges.txt", "#version: 0.2", "#version: 0.3");

        Assert.NotEqual(before, ModelFolder.Open(_model.Folder).Digest);
    }

    [Fact]
    public void A_file_that_differs_from_its_stated_digest_is_named_unless_it_is_not_to_be_verified()
    {
        WriteSums(ModelDigest.FilesOf(_model.Folder));
        _model.Replace("tokenizer/merges.txt", "#version: 0.2", "#version: 0.3");

        var problem = Assert.Throws<ModelFolderException>(() => DiffusionPipeline.Load(_model.Folder));
        Assert.Equal("tokenizer/merges.txt", problem.File);
        Assert.Contains("SHA-256", problem.Problem, StringComparison.Ordinal);
        using var unverified = DiffusionPipeline.Load(_model.Folder, new PipelineOptions { VerifyDigest = false });
        Assert.Equal("tiny-sd2", unverified.Model.Name);
    }

    [Fact]
    public void A_network_that_is_not_listed_is_named()
    {
        WriteSums(ModelDigest.FilesOf(_model.Folder).Where(file => file != "unet/model.onnx"));

        var problem = Assert.Throws<ModelFolderException>(() => ModelFolder.Open(_model.Folder));
        Assert.Equal("SHA256SUMS", problem.File);
        Assert.Contains("unet/model.onnx", problem.Problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("not a digest  unet/model.onnx")]
    [InlineData("22c73c16b2d2268f69f770f7ce4e690c1ed50bc1a006efead3367d2fb3b510b1  ../outside")]
    [InlineData("22c73c16b2d2268f69f770f7ce4e690c1ed50bc1a006efead3367d2fb3b510b1  /etc/hosts")]
    public void A_line_that_is_no_digest_of_a_file_inside_is_named(string line)
    {
        WriteSums(ModelDigest.FilesOf(_model.Folder));
        File.AppendAllText(_model.PathOf("SHA256SUMS"), line + "\n");

        var problem = Assert.Throws<ModelFolderException>(() => ModelFolder.Open(_model.Folder));
        Assert.Equal("SHA256SUMS", problem.File);
        Assert.Contains(line, problem.Problem, StringComparison.Ordinal);
    }

    private void WriteSums(IEnumerable<string> files, bool binary = false) => File.WriteAllLines(
        _model.PathOf("SHA256SUMS"),
        files.Select(file => $"{ModelDigest.HashFile(_model.PathOf(file), TestContext.Current.CancellationToken)} {(binary ? '*' : ' ')}{file}"));
}
