using System.Security.Cryptography;
using RenderFarm.ServiceDefaults.Artifacts;
using RenderFarm.ServiceDefaults.ModelStore;
using RenderFarm.TestKit.Services;

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
    public async Task An_object_that_was_spoiled_is_stored_again_when_that_is_asked_for()
    {
        await PushAsync(Manifest("photos"));
        var file = Path.Combine(_root.FullName, "models", "sha256", HashOf(_weights));
        await File.WriteAllBytesAsync(file, new byte[_weights.Length], Cancellation);
        Assert.Empty(await PushAsync(Manifest("photos")));

        var pushed = await NewModels().PushAsync(Manifest("photos"), again: true, Open, _ => { }, Cancellation);

        Assert.Equal(["weights", "config"], pushed.Select(stored => stored.Path));
        Assert.Equal(_weights, await File.ReadAllBytesAsync(file, Cancellation));
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(-1, 0)]
    [InlineData(1, 0)]
    public async Task A_file_that_changed_since_it_was_hashed_is_not_stored(int longer, byte changed)
    {
        var other = new byte[_weights.Length + longer];
        _weights.AsSpan(0, Math.Min(other.Length, _weights.Length)).CopyTo(other);
        other[10] ^= changed;

        var fault = await Assert.ThrowsAsync<ModelFileChangedException>(() => NewModels().PushAsync(Manifest("photos"), _ => new MemoryStream(other), _ => { }, Cancellation));

        Assert.Equal("weights", fault.File.Path);
        Assert.Empty(_root.GetFiles("*", SearchOption.AllDirectories));
    }

    [Theory]
    [InlineData(100)]
    [InlineData(40 << 20)]
    public async Task A_file_goes_whole_into_a_bucket_and_one_that_changed_does_not(int bytes)
    {
        await using var bucket = await TestS3.CreateBucketAsync(Cancellation);
        using var store = new S3Artifacts(new S3Options { Endpoint = bucket.Endpoint, AccessKey = bucket.AccessKey, SecretKey = bucket.SecretKey, Bucket = bucket.Bucket, Region = bucket.Region, UseTls = false }, TimeProvider.System);
        var weights = RandomNumberGenerator.GetBytes(bytes);
        var manifest = Manifest("photos") with { Files = [new StoredFile("empty", HashOf([]), 0), new StoredFile("weights", HashOf(weights), bytes)] };

        await new StoredModels(store).PushAsync(manifest, file => new MemoryStream(file.Bytes == 0 ? [] : weights), _ => { }, Cancellation);
        var read = new byte[bytes];
        await using (var stored = await store.OpenReadAsync($"models/sha256/{HashOf(weights)}", Cancellation))
        {
            await stored.ReadExactlyAsync(read, Cancellation);
        }

        Assert.Equal(HashOf(weights), HashOf(read));
        var changed = manifest with { Name = "changed", Files = [new StoredFile("weights", new string('e', 64), bytes)] };
        await Assert.ThrowsAsync<ModelFileChangedException>(() => new StoredModels(store).PushAsync(changed, _ => new MemoryStream(weights), _ => { }, Cancellation));
        var missing = await Assert.ThrowsAsync<ArtifactStoreException>(() => store.OpenReadAsync($"models/sha256/{new string('e', 64)}", Cancellation));
        Assert.Equal(ArtifactFault.Missing, missing.Fault);
        Assert.Equal(["photos"], (await new StoredModels(store).ListAsync(Cancellation)).Select(model => model.Name));
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
        NewModels().PushAsync(manifest, Open, _ => { }, Cancellation);

    private MemoryStream Open(StoredFile file) => new(file.Path == "weights" ? _weights : _config);

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
