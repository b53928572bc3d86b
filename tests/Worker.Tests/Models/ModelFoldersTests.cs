using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using RenderFarm.Shared.Protocol;
using RenderFarm.TestKit;
using RenderFarm.TestKit.Goldens;
using RenderFarm.Worker.Models;

namespace RenderFarm.Worker.Tests.Models;

public sealed class ModelFoldersTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public ModelFoldersTests() => Directory.CreateDirectory(_folder.File("models"));

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_checkpoint_that_was_dropped_into_the_folder_is_a_model_named_after_it()
    {
        WriteCheckpoint("models/photos v2.safetensors");
        File.CreateSymbolicLink(PathOf("models/linked.safetensors"), PathOf("models/photos v2.safetensors"));

        var models = Read();

        Assert.Equal(["linked", "photos v2"], models.Select(model => model.Name));
        Assert.All(models, model => Assert.Equal(("sd1", 512, null), (model.Family, model.DefaultWidth, model.Problem)));
        Assert.Equal(models[0].Digest, models[1].Digest);
        Assert.Equal(PathOf("models/photos v2.safetensors"), ModelPlaces.Of(PathOf("models"), "photos v2"));
    }

    [Fact]
    public void What_was_dropped_and_is_no_checkpoint_is_listed_with_the_reason()
    {
        SparseCheckpoint.Write(PathOf("models/style.safetensors"), new Dictionary<string, long[]> { ["lora_unet_mid_block_attentions_0_proj_in.lora_down.weight"] = [4, 1280] });
        File.WriteAllText(PathOf("models/cut.safetensors"), "PK");
        File.WriteAllText(PathOf("models/.hidden.safetensors"), "being copied");
        File.WriteAllText(PathOf("models/notes.txt"), "no model");

        var models = Read();

        Assert.Equal(["cut", "style"], models.Select(model => model.Name));
        Assert.Contains("begins with the 8 bytes", models[0].Problem, StringComparison.Ordinal);
        Assert.Contains("It is a LoRA. Put it into the folder of LoRAs", models[1].Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void A_folder_that_another_process_still_makes_is_not_listed()
    {
        WriteCheckpoint("models/photos.safetensors");
        Directory.CreateDirectory(PathOf("models/mine.4711.part"));
        File.WriteAllText(PathOf("models/mine.4711.part/model_index.json"), "{}");

        Assert.Equal("photos", Assert.Single(Read()).Name);
    }

    [Fact]
    public void A_folder_comes_before_a_file_of_its_name()
    {
        File.WriteAllText(PathOf("models/emoji.safetensors"), "never looked at");
        Directory.CreateSymbolicLink(PathOf("models/emoji"), GoldenFolder.EmojiModel);

        Assert.Equal(128, Assert.Single(Read()).DefaultWidth);
        Assert.Equal(PathOf("models/emoji"), ModelPlaces.Of(PathOf("models"), "emoji"));
    }

    [Fact]
    public void The_hash_of_a_dropped_checkpoint_is_remembered_in_the_cache()
    {
        WriteCheckpoint("models/photos.safetensors");
        var digest = Assert.Single(Read()).Digest;
        var memory = Assert.Single(Directory.GetFiles(PathOf("cache/hashes")));
        File.WriteAllText(memory, File.ReadAllText(memory).Replace("\"sha256\":\"", "\"sha256\":\"0", StringComparison.Ordinal));

        Assert.NotEqual(digest, Assert.Single(Read()).Digest);
    }

    private IReadOnlyList<WorkerModel> Read()
    {
        var options = new WorkerOptions { Models = PathOf("models"), Cache = PathOf("cache") };
        return new ModelFolders(Options.Create(options), NullLogger<ModelFolders>.Instance).Read(TestContext.Current.CancellationToken);
    }

    private void WriteCheckpoint(string file) => SparseCheckpoint.Write(PathOf(file), SparseCheckpoint.TensorsOf("sd1"));

    private string PathOf(string file) => _folder.File(file);
}
