using RenderFarm.Shared;
using RenderFarm.Worker.ModelCache;

namespace RenderFarm.Worker.Tests.ModelCache;

public sealed class CacheRoomTests : IDisposable
{
    private const int MiB = 1 << 20;
    private readonly CacheBench _bench = new();

    public void Dispose() => _bench.Dispose();

    [Fact]
    public async Task The_models_unused_for_longest_make_room_on_the_disk_and_those_in_use_stay()
    {
        var models = new List<ServiceDefaults.ModelStore.ModelManifest>();
        foreach (var name in new[] { "first", "second", "third", "fourth" })
        {
            models.Add(await _bench.PushAsync(name, ("a", 4 * MiB)));
            await _bench.FetchAsync(models[^1]);
        }

        await _bench.FetchAsync(models[0]);
        using var inUse = await _bench.NewFetch().UseAsync(models[1], TestContext.Current.CancellationToken);
        var next = await _bench.PushAsync("next", ("a", 6 * MiB));
        _bench.FreeBytes = () => Room(25);

        await _bench.FetchAsync(next);

        // By use: third, fourth, first, second (in use). Nine are free, six are needed, ten must stay free: seven are missing.
        Assert.Equal([false, false, true, true], new[] { models[2], models[3], models[0], models[1] }.Select(model => _bench.Cache.Has(model.Digest)));
        Assert.True(_bench.Cache.Has(next.Digest));

        // What the disk has left of so many MiB, with what lies in the cache.
        long Room(int all) => (all * MiB) - _bench.Cache.Models().Where(model => !model.Folder.EndsWith(".part", StringComparison.Ordinal)).Sum(model => model.Bytes);
    }

    [Fact]
    public async Task A_model_that_arrived_in_part_makes_as_much_room_as_it_takes()
    {
        var begun = await _bench.PushAsync("begun", ("a", 64 * MiB));
        await _bench.FetchPartlyAsync(begun, from: 16 * MiB, arriving: 1);
        var unused = await _bench.PushAsync("unused", ("a", 4 * MiB));
        await _bench.FetchAsync(unused);
        var next = await _bench.PushAsync("next", ("a", 20 * MiB));
        _bench.FreeBytes = () => (30 * MiB) - (Directory.Exists(_bench.Cache.PartOf(begun.Digest)) ? 16 * MiB : 0) - (_bench.Cache.Has(unused.Digest) ? 4 * MiB : 0);

        await _bench.FetchAsync(next);

        // Ten must stay free: twenty are missing, of which what is begun takes sixteen.
        Assert.Equal((false, false, true), (Directory.Exists(_bench.Cache.PartOf(begun.Digest)), _bench.Cache.Has(unused.Digest), _bench.Cache.Has(next.Digest)));
    }

    [Fact]
    public async Task Nothing_is_deleted_when_that_would_not_be_enough()
    {
        var small = await _bench.PushAsync("small", ("a", MiB));
        var used = await _bench.PushAsync("used", ("a", MiB));
        await _bench.FetchAsync(small);
        using var inUse = await _bench.NewFetch().UseAsync(used, TestContext.Current.CancellationToken);
        var large = await _bench.PushAsync("large", ("a", 8 * MiB));
        _bench.FreeBytes = () => 16 * MiB;

        var fault = await Assert.ThrowsAsync<ModelFetchException>(() => _bench.FetchAsync(large));

        Assert.Equal(ErrorClass.Worker, fault.Class);
        Assert.Contains("no room for the model 'large' of 8 MiB", fault.Message, StringComparison.Ordinal);
        Assert.Contains("Worker:ModelCacheFreeMiB 10", fault.Message, StringComparison.Ordinal);
        Assert.True(_bench.Cache.Has(small.Digest));
        Assert.Equal(0, _bench.Store.Ranges - 2);
    }

    [Fact]
    public async Task A_model_larger_than_the_whole_cache_is_refused_with_the_setting()
    {
        var model = await _bench.PushAsync("photos", ("a", 10));
        var huge = model with { Files = [model.Files[0] with { Bytes = (1L << 30) + 1 }] };

        var fault = await Assert.ThrowsAsync<ModelFetchException>(() => _bench.FetchAsync(huge));

        Assert.Contains("Worker:ModelCacheGiB allows 1 GiB", fault.Message, StringComparison.Ordinal);
        Assert.Equal(0, _bench.Store.Ranges);
    }

    [Fact]
    public async Task Models_beyond_the_limit_make_room_however_empty_the_disk_is()
    {
        var old = await _bench.PushAsync("old", ("a", MiB));
        await _bench.FetchAsync(old);
        using (var padding = File.Create(Path.Combine(_bench.Cache.PlaceOf(old.Digest), "padding")))
        {
            padding.SetLength(1L << 30);
        }

        var next = await _bench.PushAsync("next", ("a", MiB));
        await _bench.FetchAsync(next);

        Assert.Equal([next.Digest], _bench.Cache.Models().Select(model => model.Digest));
    }

    [Fact]
    public async Task A_disk_that_fills_up_meanwhile_ends_the_fetch_and_what_was_fetched_stays()
    {
        var model = await _bench.PushAsync("photos", ("a", FileRange.Size + 1));
        await _bench.FetchPartlyAsync(model, from: FileRange.Size, arriving: 1);
        var asked = 0;
        _bench.FreeBytes = () => asked++ == 0 ? 11 * MiB : 9 * MiB;

        var fault = await Assert.ThrowsAsync<ModelFetchException>(() => _bench.FetchAsync(model));

        Assert.Equal(ErrorClass.Worker, fault.Class);
        Assert.Contains("9 MiB left", fault.Message, StringComparison.Ordinal);
        var before = _bench.Store.Ranges;
        _bench.FreeBytes = () => long.MaxValue;
        await _bench.FetchAsync(model);
        Assert.Equal(1, _bench.Store.Ranges - before);
    }

    [Fact]
    public async Task What_a_process_was_deleting_when_it_ended_is_deleted_by_the_next()
    {
        var gone = Directory.CreateDirectory(Path.Combine(_bench.Cache.Path, $"{new string('5', 64)}.part.gone"));
        await _bench.FetchAsync(await _bench.PushAsync("photos", ("a", 10)));
        Assert.False(Directory.Exists(gone.FullName));
    }

    [Theory]
    [InlineData("spool")]
    [InlineData("spool.part")]
    [InlineData("spool.gone")]
    public async Task A_folder_that_is_no_fetched_model_is_never_deleted(string name)
    {
        var foreign = Directory.CreateDirectory(Path.Combine(_bench.Cache.Path, name));
        await File.WriteAllBytesAsync(Path.Combine(foreign.FullName, "a"), new byte[MiB], TestContext.Current.CancellationToken);
        _bench.FreeBytes = () => 10 * MiB;

        await Assert.ThrowsAsync<ModelFetchException>(async () => await _bench.FetchAsync(await _bench.PushAsync("photos", ("a", 10))));

        Assert.True(foreign.Exists && File.Exists(Path.Combine(foreign.FullName, "a")));
        Assert.DoesNotContain(_bench.Cache.Models(), model => model.Folder == foreign.FullName);
    }
}
