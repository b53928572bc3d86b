using RenderFarm.ServiceDefaults.Artifacts;

namespace RenderFarm.ServiceDefaults.Tests.Artifacts;

public sealed class FolderArtifactsTests : ArtifactStoreContract, IDisposable
{
    private readonly DirectoryInfo _root = Directory.CreateTempSubdirectory("renderfarm-artifacts-");

    public void Dispose() => _root.Delete(recursive: true);

    [Fact]
    public async Task A_folder_has_no_links_of_its_own()
    {
        var store = await StoreAsync();
        Assert.Null(await store.PresignGetAsync(Key("a.png"), TimeSpan.FromMinutes(1), "a.png", TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_write_leaves_no_temporary_file_behind()
    {
        var store = await StoreAsync();
        await store.PutAsync(Key("a.png"), new byte[10], "image/png", TestContext.Current.CancellationToken);
        Assert.Equal(["a.png"], _root.EnumerateFiles("*", SearchOption.AllDirectories).Select(file => file.Name));
    }

    [Fact]
    public async Task Deleting_the_last_object_of_a_folder_removes_the_folder()
    {
        var store = await StoreAsync();
        await store.PutAsync(Key("job/0/a.png"), new byte[10], "image/png", TestContext.Current.CancellationToken);
        await store.DeleteAsync(Key("job/0/a.png"), TestContext.Current.CancellationToken);
        Assert.False(Directory.Exists(Path.Combine(_root.FullName, Key("job"))));
        Assert.True(_root.Exists);
    }

    [Fact]
    public async Task A_folder_that_cannot_be_made_is_named_with_its_setting()
    {
        var file = Path.Combine(_root.FullName, "file");
        await File.WriteAllTextAsync(file, "", TestContext.Current.CancellationToken);
        var error = await Assert.ThrowsAsync<ArtifactStoreException>(() => new FolderArtifacts(Path.Combine(file, "below")).CheckAsync(TestContext.Current.CancellationToken));
        Assert.Contains(file, error.Message, StringComparison.Ordinal);
        Assert.Contains("Artifacts:Folder", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_folder_that_cannot_be_listed_is_named_with_its_setting()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Paths may be longer there.");

        // Whoever runs the tests, no folder can be opened whose path is so long; it only becomes that long where it is moved to.
        var (near, far) = (Path.Combine(_root.FullName, "near"), Path.Combine(_root.FullName, new string('f', 250), "far"));
        Directory.CreateDirectory(Path.Combine([near, .. Enumerable.Repeat(new string('n', 194), 20)]));
        Directory.CreateDirectory(Path.GetDirectoryName(far)!);
        Directory.Move(near, far);
        try
        {
            var error = await Assert.ThrowsAsync<ArtifactStoreException>(async () => await (await StoreAsync()).ListAsync("", TestContext.Current.CancellationToken).CountAsync(TestContext.Current.CancellationToken));
            Assert.Equal(ArtifactFault.Unavailable, error.Fault);
            Assert.Contains("Artifacts:Folder", error.Message, StringComparison.Ordinal);
        }
        finally
        {
            Directory.Move(far, near);
        }
    }

    protected override Task<IArtifactStore> StoreAsync() => Task.FromResult<IArtifactStore>(new FolderArtifacts(_root.FullName));
}
