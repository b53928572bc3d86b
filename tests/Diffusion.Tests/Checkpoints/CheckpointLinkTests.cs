using System.Text.Json.Nodes;
using RenderFarm.Diffusion.Checkpoints;
using RenderFarm.Diffusion.Checkpoints.Recognition;
using RenderFarm.Diffusion.Models;
using RenderFarm.Diffusion.Models.Reading;
using RenderFarm.TestKit;
using RenderFarm.TestKit.Goldens;

namespace RenderFarm.Diffusion.Tests.Checkpoints;

public sealed class CheckpointLinkTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly string _file;
    private readonly string _model;

    public CheckpointLinkTests()
    {
        _file = _folder.File("photos.safetensors");
        _model = _folder.File("mine");
        File.Copy(TinyCheckpoint.File, _file);
        TinyCheckpoint.Open(_file).WriteLink(_model);
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_linked_checkpoint_is_the_file_under_the_folders_name()
    {
        var model = Read().Model!;

        Assert.Equal(("mine", _file, "epsilon"), (model.Name, model.CheckpointFile, model.PredictionType));
        Assert.Equal(TinyCheckpoint.Open(_file).Digest, model.Digest);
    }

    [Fact]
    public void A_file_that_stays_as_it_is_is_hashed_once()
    {
        var known = Read().Model!.Digest;
        Replace(CheckpointLink.Find(_model)! with { Sha256 = new string('a', 64) });

        Assert.NotEqual(known, Read().Model!.Digest);
        File.SetLastWriteTimeUtc(_file, new DateTime(2020, 1, 1, 0, 0, 0, DateTimeKind.Utc));
        Assert.Equal(known, Read().Model!.Digest);
    }

    [Fact]
    public void A_link_that_tells_an_inode_is_for_that_file_and_one_that_tells_none_goes_by_size_and_time()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Inodes are told on Linux.");
        var known = Read().Model!.Digest;
        var link = CheckpointLink.Find(_model)! with { Sha256 = new string('a', 64) };

        Replace(link with { Inode = link.Inode!.Value + 1 });
        Assert.Equal(known, Read().Model!.Digest);
        Replace(link with { Inode = null });
        Assert.NotEqual(known, Read().Model!.Digest);
    }

    [Fact]
    public void What_was_said_to_be_predicted_is_remembered_and_is_part_of_the_digest()
    {
        var epsilon = Read().Model!;
        Replace(CheckpointLink.Find(_model)! with { Prediction = PredictionSigns.V });
        var v = Read().Model!;

        Assert.Equal("v_prediction", v.PredictionType);
        Assert.NotEqual(epsilon.Digest, v.Digest);
    }

    [Fact]
    public void Relative_paths_start_at_the_folder_wherever_the_program_runs_and_nothing_is_hashed_again()
    {
        var (file, vae) = (_folder.File("pruned.safetensors"), _folder.File("clear.safetensors"));
        TinyCheckpointFiles.Write(file, vae);
        var model = TinyCheckpoint.Open(file, new CheckpointChoices { Vae = vae });
        var link = model.Checkpoint!;
        Replace(link with { File = "../pruned.safetensors", Sha256 = new string('a', 64), Vae = link.Vae! with { File = "../clear.safetensors", Sha256 = new string('b', 64) } });

        var read = Read().Model!;

        Assert.Equal((file, vae), (read.CheckpointFile, read.VaeFile));
        Assert.Equal(CheckpointLink.Digest(new string('a', 64), "epsilon", new string('b', 64)), read.Digest);
    }

    [Fact]
    public void A_file_that_is_gone_is_named()
    {
        File.Delete(_file);

        var problem = Assert.Single(Read().Problems);

        Assert.Equal("photos.safetensors", problem.File);
        Assert.Contains("cannot be read", problem.Problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\"file\"", "\"fil\"")]
    [InlineData("\"epsilon\"", "\"x0\"")]
    [InlineData("}", "")]
    public void A_link_that_is_not_as_it_should_be_is_refused(string from, string to)
    {
        var index = Path.Combine(_model, "model_index.json");
        File.WriteAllText(index, File.ReadAllText(index).Replace(from, to, StringComparison.Ordinal));

        Assert.Equal("model_index.json", Assert.Single(Read().Problems).File);
    }

    [Theory]
    [InlineData("file")]
    [InlineData("sha256")]
    public void A_field_that_must_not_be_null_is_named(string field)
    {
        var index = Path.Combine(_model, "model_index.json");
        var json = JsonNode.Parse(File.ReadAllText(index))!;
        json[field] = null;
        File.WriteAllText(index, json.ToJsonString());

        var problem = Assert.Single(Read().Problems);

        Assert.Equal("model_index.json", problem.File);
        Assert.Contains($"'{field}'", problem.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void A_folder_of_networks_is_no_link() =>
        Assert.Null(CheckpointReader.ReadLinked(RenderFarm.TestKit.Goldens.GoldenFolder.EmojiModel, TinyCheckpoint.Parts, FileHashes.Unremembered, CancellationToken.None));

    private ModelInspection Read() => CheckpointReader.ReadLinked(_model, TinyCheckpoint.Parts, FileHashes.Unremembered, CancellationToken.None)!;

    private void Replace(CheckpointLink link)
    {
        Directory.Delete(_model, recursive: true);
        link.Write(_model);
    }
}
