using System.Security.Cryptography;
using RenderFarm.ServiceDefaults.Artifacts;

namespace RenderFarm.ServiceDefaults.Tests.Artifacts;

/// <summary>What every artifact store must do; each store has a class that inherits these tests.</summary>
public abstract class ArtifactStoreContract
{
    private readonly string _folder = $"t{Guid.NewGuid():N}";

    protected abstract Task<IArtifactStore> StoreAsync();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(3 * 1024 * 1024 + 7)]
    public async Task An_object_is_read_back_as_it_was_stored(int length)
    {
        var store = await StoreAsync();
        var bytes = RandomNumberGenerator.GetBytes(length);
        await store.PutAsync(Key("a.png"), bytes, "image/png", Cancellation);
        Assert.Equal(bytes, await ReadAsync(store, Key("a.png")));
    }

    [Fact]
    public async Task Storing_a_key_again_replaces_the_object()
    {
        var store = await StoreAsync();
        await store.PutAsync(Key("a.png"), "first, and longer"u8.ToArray(), "image/png", Cancellation);
        await store.PutAsync(Key("a.png"), "second"u8.ToArray(), "image/png", Cancellation);
        Assert.Equal("second"u8.ToArray(), await ReadAsync(store, Key("a.png")));
    }

    [Fact]
    public async Task A_missing_object_is_reported_as_missing_and_named()
    {
        var store = await StoreAsync();
        var error = await Assert.ThrowsAsync<ArtifactStoreException>(() => store.OpenReadAsync(Key("none.png"), Cancellation));
        Assert.Equal(ArtifactFault.Missing, error.Fault);
        Assert.Contains(Key("none.png"), error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_deleted_object_is_missing_and_deleting_it_again_is_no_error()
    {
        var store = await StoreAsync();
        await store.PutAsync(Key("a.png"), new byte[] { 1 }, "image/png", Cancellation);
        await store.DeleteAsync(Key("a.png"), Cancellation);
        await store.DeleteAsync(Key("a.png"), Cancellation);
        var error = await Assert.ThrowsAsync<ArtifactStoreException>(() => store.OpenReadAsync(Key("a.png"), Cancellation));
        Assert.Equal(ArtifactFault.Missing, error.Fault);
    }

    [Fact]
    public async Task A_listing_holds_exactly_the_objects_with_the_prefix()
    {
        var store = await StoreAsync();
        string[] keys = [Key("x/1.png"), Key("x/2/3.png"), Key("xy/4.png"), Key("z.png")];
        foreach (var key in keys)
        {
            await store.PutAsync(key, new byte[] { 1, 2, 3 }, "image/png", Cancellation);
        }

        Assert.Equal(keys[..2], await ListAsync(store, Key("x/")));
        Assert.Equal(keys[..3], await ListAsync(store, Key("x")));
        Assert.Equal(keys, await ListAsync(store, $"{_folder}/"));
        Assert.Empty(await ListAsync(store, Key("nothing/")));
        await foreach (var item in store.ListAsync(Key("x/"), Cancellation))
        {
            Assert.Equal(3, item.Bytes);
            Assert.InRange(item.LastModified, DateTimeOffset.UtcNow.AddMinutes(-5), DateTimeOffset.UtcNow.AddMinutes(5));
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(12 * 1024 * 1024 + 7)]
    public async Task An_object_is_stored_from_a_stream(int length)
    {
        var store = await StoreAsync();
        var bytes = RandomNumberGenerator.GetBytes(length);
        await using var content = new MemoryStream(bytes);
        await store.PutAsync(Key("large"), content, length, "application/octet-stream", Cancellation);
        Assert.Equal(bytes, await ReadAsync(store, Key("large")));
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(0, 100_000)]
    [InlineData(70_001, 29_999)]
    [InlineData(99_999, 1)]
    public async Task A_range_of_an_object_is_read(int offset, int length)
    {
        var store = await StoreAsync();
        var bytes = RandomNumberGenerator.GetBytes(100_000);
        await store.PutAsync(Key("large"), bytes, "application/octet-stream", Cancellation);
        await using var stream = await store.OpenRangeAsync(Key("large"), offset, length, Cancellation);
        var range = new byte[length];
        await stream.ReadExactlyAsync(range, Cancellation);
        Assert.Equal(bytes[offset..(offset + length)], range);
    }

    [Theory]
    [InlineData("short", 10)]
    [InlineData("none", 0)]
    public async Task A_range_that_is_not_there_is_reported_as_missing(string name, int offset)
    {
        var store = await StoreAsync();
        await store.PutAsync(Key("short"), new byte[10], "application/octet-stream", Cancellation);
        var error = await Assert.ThrowsAsync<ArtifactStoreException>(() => store.OpenRangeAsync(Key(name), offset, 1, Cancellation));
        Assert.Equal(ArtifactFault.Missing, error.Fault);
        Assert.Contains(Key(name), error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("/a")]
    [InlineData("a//b")]
    [InlineData("a/")]
    [InlineData("../a")]
    [InlineData("a/../b")]
    [InlineData("a/./b")]
    [InlineData("a/.hidden")]
    [InlineData("a\\b")]
    [InlineData("a b")]
    [InlineData("a\0")]
    [InlineData("ä")]
    public async Task A_key_that_could_mean_another_place_is_refused(string key)
    {
        var store = await StoreAsync();
        await Assert.ThrowsAsync<ArgumentException>(nameof(key), () => store.PutAsync(key, new byte[] { 1 }, "image/png", Cancellation));
        await Assert.ThrowsAsync<ArgumentException>(nameof(key), () => store.PutAsync(key, Stream.Null, 0, "image/png", Cancellation));
        await Assert.ThrowsAsync<ArgumentException>(nameof(key), () => store.OpenReadAsync(key, Cancellation));
        await Assert.ThrowsAsync<ArgumentException>(nameof(key), () => store.OpenRangeAsync(key, 0, 1, Cancellation));
        await Assert.ThrowsAsync<ArgumentException>(nameof(key), () => store.DeleteAsync(key, Cancellation));
        await Assert.ThrowsAsync<ArgumentException>(nameof(key), () => store.PresignGetAsync(key, TimeSpan.FromMinutes(1), null, Cancellation));
    }

    [Fact]
    public async Task Writers_and_deleters_of_the_same_folder_do_not_disturb_each_other()
    {
        var store = await StoreAsync();
        await Parallel.ForEachAsync(Enumerable.Range(0, 64), Cancellation, async (index, cancellation) =>
        {
            await store.PutAsync(Key($"shared/{index}.png"), BitConverter.GetBytes(index), "image/png", cancellation);
            if (index % 2 == 0)
            {
                await store.DeleteAsync(Key($"shared/{index}.png"), cancellation);
            }
        });
        var left = await ListAsync(store, Key("shared/"));
        Assert.Equal(Enumerable.Range(0, 64).Where(index => index % 2 == 1).Select(index => Key($"shared/{index}.png")).Order(StringComparer.Ordinal), left);
    }

    [Fact]
    public async Task A_cancelled_write_says_that_it_was_cancelled()
    {
        var store = await StoreAsync();
        using var cancelled = new CancellationTokenSource();
        await cancelled.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => store.PutAsync(Key("a.png"), new byte[1024], "image/png", cancelled.Token));
        Assert.Empty(await ListAsync(store, Key("a.png")));
    }

    [Fact]
    public async Task The_check_leaves_nothing_behind()
    {
        var store = await StoreAsync();
        var before = await ListAsync(store, "check/");
        await store.CheckAsync(Cancellation);
        Assert.Empty((await ListAsync(store, "check/")).Except(before));
    }

    protected string Key(string name) => $"{_folder}/{name}";

    protected static async Task<byte[]> ReadAsync(IArtifactStore store, string key)
    {
        await using var stream = await store.OpenReadAsync(key, Cancellation);
        using var copy = new MemoryStream();
        await stream.CopyToAsync(copy, Cancellation);
        return copy.ToArray();
    }

    private static async Task<List<string>> ListAsync(IArtifactStore store, string prefix)
    {
        var keys = new List<string>();
        await foreach (var item in store.ListAsync(prefix, Cancellation))
        {
            keys.Add(item.Key);
        }

        keys.Sort(StringComparer.Ordinal);
        return keys;
    }
}
