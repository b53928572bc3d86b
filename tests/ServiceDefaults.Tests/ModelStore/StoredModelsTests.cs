using System.Security.Cryptography;
using RenderFarm.ServiceDefaults.Artifacts;
using RenderFarm.ServiceDefaults.ModelStore;

namespace RenderFarm.ServiceDefaults.Tests.ModelStore;

public sealed class StoredModelsTests : IDisposable
{
    private readonly DirectoryInfo _root = Directory.CreateTempSubdirectory("renderfarm-store-");
    private readonly byte[] _weights = RandomNumberGenerator.GetBytes(1000);
    private readonly byte[] _config = RandomNumberGenerator.GetBytes(10);

    public void Dispose() => _root.Delete(recursive: true);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_model_is_stored_under_its_digests_and_its_name()
    {
        var pushed = await PushAsync(Manifest("photos"));

        Assert.Equal(["weights", "config"], pushed.Select(file => file.Path));
        Assert.Equal(
            new[] { "names/photos.json", $"sha256/{HashOf(_weights)}", $"sha256/{HashOf(_config)}" }.Order(StringComparer.Ordinal),
            _root.GetFiles("*", SearchOption.AllDirectories).Select(file => Path.GetRelativePath(Path.Combine(_root.FullName, "models"), file.FullName)).Order(StringComparer.Ordinal));
        var listed = Assert.Single(await NewModels().ListAsync(Cancellation));
        Assert.Equal(("photos", null, Manifest("photos").Digest), (listed.Name, listed.Problem, listed.Manifest?.Digest));
    }

    [Fact]
    public async Task Files_that_are_there_are_not_stored_again()
    {
        await PushAsync(Manifest("photos"));
        Assert.Empty(await PushAsync(Manifest("other")));
        Assert.Equal(["other", "photos"], (await NewModels().ListAsync(Cancellation)).Select(model => model.Name));
    }

    [Fact]
    public async Task An_object_of_another_size_is_stored_again()
    {
        await PushAsync(Manifest("photos"));
        var file = Path.Combine(_root.FullName, "models", "sha256", HashOf(_weights));
        await File.WriteAllBytesAsync(file, new byte[5], Cancellation);

        Assert.Equal(["weights"], (await PushAsync(Manifest("photos"))).Select(stored => stored.Path));

        Assert.Equal(_weights, await File.ReadAllBytesAsync(file, Cancellation));
    }

    [Fact]
    public async Task A_name_has_no_manifest_before_all_files_are_stored()
    {
        var fault = new IOException("unplugged");
        await Assert.ThrowsAsync<IOException>(() => NewModels().PushAsync(Manifest("photos"), file => file.Path == "config" ? throw fault : new MemoryStream(_weights), _ => { }, Cancellation));
        Assert.Empty(await NewModels().ListAsync(Cancellation));
        Assert.Equal(["config"], (await PushAsync(Manifest("photos"))).Select(file => file.Path));
    }

    [Fact]
    public async Task A_model_that_is_pushed_anew_is_listed_as_it_is_now()
    {
        var models = NewModels();
        await PushAsync(Manifest("photos"));
        Assert.Equal("sd1", (await models.ListAsync(Cancellation))[0].Manifest?.Family);

        await PushAsync(Manifest("photos") with { Family = "sdxl-inpainting" });

        Assert.Equal("sdxl-inpainting", (await models.ListAsync(Cancellation))[0].Manifest?.Family);
    }

    [Fact]
    public async Task What_is_no_manifest_is_listed_with_the_reason()
    {
        var store = new FolderArtifacts(_root.FullName);
        await store.PutAsync("models/names/torn.json", "{"u8.ToArray(), "application/json", Cancellation);
        await store.PutAsync("models/names/renamed.json", Manifest("photos").Write(), "application/json", Cancellation);
        await store.PutAsync("models/names/huge.json", new byte[5 << 20], "application/json", Cancellation);
        await store.PutAsync("models/names/notes.txt", "not a model"u8.ToArray(), "text/plain", Cancellation);

        var models = await NewModels().ListAsync(Cancellation);

        Assert.Equal(["huge", "renamed", "torn"], models.Select(model => model.Name));
        Assert.All(models, model => Assert.Null(model.Manifest));
        Assert.All(models, model => Assert.Contains($"models/names/{model.Name}.json", model.Problem, StringComparison.Ordinal));
        Assert.Contains("'name' is 'photos'", models[1].Problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("photos-1.5_pruned", true)]
    [InlineData("my photos", false)]
    [InlineData(".photos", false)]
    [InlineData("a/b", false)]
    [InlineData("", false)]
    public void Names_are_plain(string name, bool isName) => Assert.Equal(isName, StoredModels.IsName(name));

    private StoredModels NewModels() => new(new FolderArtifacts(_root.FullName));

    private Task<IReadOnlyList<StoredFile>> PushAsync(ModelManifest manifest) =>
        NewModels().PushAsync(manifest, file => new MemoryStream(file.Path == "weights" ? _weights : _config), _ => { }, Cancellation);

    private ModelManifest Manifest(string name) => new()
    {
        Name = name,
        Digest = new string('d', 64),
        Family = "sd1",
        DefaultWidth = 512,
        DefaultHeight = 512,
        SizeMultiple = 64,
        WeightBytes = 1000,
        Files = [new StoredFile("weights", HashOf(_weights), _weights.Length), new StoredFile("config", HashOf(_config), _config.Length), new StoredFile("copy", HashOf(_config), _config.Length)],
    };

    private static string HashOf(byte[] bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));
}
