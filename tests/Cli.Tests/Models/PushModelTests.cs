using RenderFarm.Diffusion.Models;
using RenderFarm.ServiceDefaults.Artifacts;
using RenderFarm.ServiceDefaults.ModelStore;
using RenderFarm.TestKit;
using RenderFarm.TestKit.Farms;
using RenderFarm.TestKit.Goldens;

namespace RenderFarm.Cli.Tests.Models;

public sealed class PushModelTests : IDisposable
{
    private static readonly string Emoji = Path.Combine(Repository.Models, "emoji");
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_model_lies_in_the_store_by_its_name_and_its_digests_and_is_stored_once()
    {
        var digest = ModelFolder.Open(Emoji, verifyDigest: false, TestContext.Current.CancellationToken).Digest;

        var (first, line) = await PushAsync(Emoji);
        var (again, known) = await PushAsync(Emoji, "--name", "smileys");

        Assert.Equal((ExitCodes.Done, ExitCodes.Done), (first, again));
        Assert.Matches($"^emoji is in the store: sd1, 128x128, digest {digest}; ([0-9.]+ MiB) of \\1 had to be stored\\.$", Assert.Single(line.Lines));
        Assert.Contains("Storing unet/model.onnx, ", line.Error, StringComparison.Ordinal);
        Assert.Equal($"smileys is in the store: sd1, 128x128, digest {digest}; all of it was there already.", Assert.Single(known.Lines));
        var models = await new StoredModels(new FolderArtifacts(_folder.File("data/artifacts"))).ListAsync(TestContext.Current.CancellationToken);
        Assert.Equal([("emoji", digest), ("smileys", digest)], models.Select(model => (model.Name, model.Manifest!.Digest)));
    }

    [Fact]
    public async Task A_model_that_was_added_is_pushed_by_its_name()
    {
        var mine = _folder.File("mine");
        Directory.CreateSymbolicLink(mine, Emoji);
        await CommandLine.RunAsync(["models", "add", mine, "--data", _folder.File("data")]);
        Directory.Delete(mine);

        var (code, line) = await PushAsync("mine");

        Assert.Equal(ExitCodes.Done, code);
        Assert.StartsWith("mine is in the store", line.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_checkpoint_that_was_added_with_another_VAE_is_pushed_by_its_name_with_both_files_and_its_digest()
    {
        var (file, vae) = (_folder.File("photos.safetensors"), _folder.File("clear.safetensors"));
        SparseCheckpoint.Write(file, SparseCheckpoint.TensorsOf("sd1").Where(tensor => !tensor.Key.StartsWith("first_stage_model.", StringComparison.Ordinal)).ToDictionary());
        SparseCheckpoint.Write(vae, CheckpointKeys.Of("vae").ToDictionary(key => key.Diffusers, key => key.Shape.ToArray()), "F32");
        await CommandLine.RunAsync(["models", "add", file, "--vae", vae, "--prediction", "v", "--data", _folder.File("data")]);
        var model = ModelFolder.Open(_folder.File("data/models/photos"), ct: TestContext.Current.CancellationToken);
        var digest = model.Digest;
        foreach (var one in ModelFiles.Of(model, TestContext.Current.CancellationToken))
        {
            // As if it had been stored: the zeros would take gigabytes there.
            using var place = File.Create(Path.Combine(Directory.CreateDirectory(_folder.File("data/artifacts/models/sha256")).FullName, one.Sha256));
            place.SetLength(one.Bytes);
        }

        var (code, line) = await PushAsync("photos");
        var (again, known) = await PushAsync(file, "--vae", vae, "--prediction", "v");

        Assert.Equal((ExitCodes.Done, ExitCodes.Done), (code, again));
        Assert.Equal($"photos is in the store: sd1, 512x512, digest {digest}; all of it was there already.", Assert.Single(line.Lines));
        Assert.Equal(line.Lines, known.Lines);
        var manifest = Assert.Single(await new StoredModels(new FolderArtifacts(_folder.File("data/artifacts"))).ListAsync(TestContext.Current.CancellationToken)).Manifest!;
        Assert.Equal(("v_prediction", digest), (manifest.Prediction, manifest.Digest));
        Assert.Equal(["model.safetensors", "vae.safetensors"], manifest.Files.Select(stored => stored.Path));
    }

    [Fact]
    public async Task What_was_added_is_pushed_as_it_was_added()
    {
        await CommandLine.RunAsync(["models", "add", Emoji, "--data", _folder.File("data")]);

        var (code, line) = await PushAsync("emoji", "--vae", Path.Combine(Emoji, "model_index.json"));

        Assert.Equal(ExitCodes.Failed, code);
        Assert.StartsWith("--vae and --prediction are for files; emoji is pushed as it was added.", line.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_configured_store_is_taken()
    {
        var (code, _) = await CommandLine.RunAsync(["models", "push", Emoji, "--Artifacts:Store=Folder", $"--Artifacts:Folder={_folder.File("store")}"]);
        Assert.Equal(ExitCodes.Done, code);
        Assert.True(File.Exists(_folder.File("store/models/names/emoji.json")));
    }

    [Fact]
    public async Task A_setting_of_the_store_that_is_wrong_is_named()
    {
        var (code, line) = await CommandLine.RunAsync(["models", "push", Emoji, "--Artifacts:Store=S3"]);
        Assert.Equal(ExitCodes.Failed, code);
        Assert.Contains("Artifacts:S3:Endpoint", line.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_store_that_cannot_be_used_is_told_before_the_model_is_read()
    {
        var broken = Directory.CreateDirectory(_folder.File("broken")).FullName;
        File.WriteAllText(_folder.File("store"), "no folder");

        var (code, line) = await CommandLine.RunAsync(["models", "push", broken, "--Artifacts:Store=Folder", $"--Artifacts:Folder={_folder.File("store")}"]);

        Assert.Equal(ExitCodes.Failed, code);
        Assert.Contains(_folder.File("store"), line.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("model_index.json", line.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_name_that_the_store_does_not_take_is_refused_with_what_to_do()
    {
        var (code, line) = await PushAsync(Emoji, "--name", "my smileys");
        Assert.Equal(ExitCodes.Failed, code);
        Assert.Contains("'my smileys' is none. Choose one with --name.", line.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_model_that_cannot_be_used_is_told_as_such_and_nothing_is_stored()
    {
        var broken = Directory.CreateDirectory(_folder.File("broken")).FullName;
        File.Copy(Path.Combine(Emoji, "model_index.json"), Path.Combine(broken, "model_index.json"));

        var (code, line) = await PushAsync(broken);

        Assert.Equal(ExitCodes.Failed, code);
        Assert.Contains("unet", line.Error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_folder.File("data/artifacts/models")));
    }

    [Fact]
    public async Task A_model_that_is_not_there_is_named_with_where_it_was_looked_for()
    {
        var (code, line) = await PushAsync("nothing");
        Assert.Equal(ExitCodes.Failed, code);
        Assert.Contains(_folder.File("data/models/nothing"), line.Error, StringComparison.Ordinal);
    }

    private Task<(int Code, CommandLine Line)> PushAsync(params string[] arguments) => CommandLine.RunAsync(["models", "push", .. arguments, "--data", _folder.File("data")]);
}
