using RenderFarm.Shared;
using RenderFarm.Shared.Protocol;
using RenderFarm.Worker.ModelCache;
using RenderFarm.Worker.Models;

namespace RenderFarm.Worker.Tests.ModelCache;

public sealed class StoreShelfTests : IDisposable
{
    private readonly CacheBench _bench = new();
    private readonly ModelCatalog _catalog = new(new OwnModels(new WorkerModel("own", "d1", "sd1", 64, 64, 8, 1, null), new WorkerModel("torn", null, null, 0, 0, 0, 0, "no unet")));
    private readonly StoreShelf _shelf;

    public StoreShelfTests()
    {
        _shelf = _bench.NewShelf(_catalog);
        _catalog.Scan(TestContext.Current.CancellationToken);
    }

    public void Dispose() => _bench.Dispose();

    [Fact]
    public async Task A_model_that_is_pushed_later_is_offered_at_the_next_look()
    {
        await LookAsync();
        Assert.Equal("own Folder, torn Folder", Offered());

        var model = await _bench.PushAsync("photos", ("a", 10));
        await LookAsync();

        Assert.Equal("own Folder, torn Folder, photos Store", Offered());
        Assert.Equal(model.Digest, _shelf.Find(model.Digest)?.Digest);
    }

    [Fact]
    public async Task A_model_that_was_fetched_or_deleted_is_told_as_such()
    {
        var model = await _bench.PushAsync("photos", ("a", 10));
        await LookAsync();
        await _bench.FetchAsync(model);
        _shelf.Offer();
        Assert.Equal("own Folder, torn Folder, photos Fetched", Offered());

        CacheFolder.Delete(_bench.Cache.PlaceOf(model.Digest));
        await LookAsync();

        Assert.Equal("own Folder, torn Folder, photos Store", Offered());
    }

    [Fact]
    public async Task A_usable_model_of_the_workers_own_counts_and_a_broken_one_does_not()
    {
        await _bench.PushAsync("own", ("a", 10));
        await _bench.PushAsync("torn", ("a", 10));
        await LookAsync();
        Assert.Equal("own Folder, torn Store", Offered());
    }

    [Fact]
    public async Task A_store_that_is_away_leaves_what_was_seen_and_the_list_is_another_one_only_when_it_differs()
    {
        var model = await _bench.PushAsync("photos", ("a", 10));
        await LookAsync();
        var before = _catalog.Models;

        await LookAsync();
        _bench.Store.IsAway = true;
        await LookAsync();

        Assert.Same(before, _catalog.Models);
        Assert.NotNull(_shelf.Find(model.Digest));
    }

    [Fact]
    public async Task A_model_whose_name_another_one_has_now_is_still_found_by_its_digest()
    {
        var old = await _bench.PushAsync("photos", ("a", 10));
        await LookAsync();
        var next = await _bench.PushAsync("photos", ("a", 10));
        await LookAsync();

        Assert.Equal(next.Digest, _catalog.Find("photos")?.Digest);
        Assert.Equal(old.Digest, _shelf.Find(old.Digest)?.Digest);
    }

    [Fact]
    public async Task A_model_that_could_not_be_fetched_is_offered_with_the_reason_until_it_is_pushed_again()
    {
        var model = await _bench.PushAsync("photos", ("a", 10));
        await LookAsync();

        _shelf.SetAside(model.Digest, new ModelFetchException(ErrorClass.Infrastructure, "spoiled"));
        await LookAsync();

        Assert.Equal((null, "spoiled", "spoiled"), (_catalog.Find("photos")!.Digest, _catalog.Find("photos")!.Problem, _shelf.WhyAside(model.Digest)?.Message));
        await _bench.StoreAgainAsync(model);
        await LookAsync();
        Assert.Equal((model.Digest, null, null), (_catalog.Find("photos")!.Digest, _catalog.Find("photos")!.Problem, _shelf.WhyAside(model.Digest)));
    }

    [Fact]
    public async Task A_model_that_could_not_be_fetched_is_tried_again_after_some_minutes()
    {
        var model = await _bench.PushAsync("photos", ("a", 10));
        await LookAsync();
        _shelf.SetAside(model.Digest, new ModelFetchException(ErrorClass.Worker, "no room"));

        _bench.Time.Advance(TimeSpan.FromMinutes(4));
        await LookAsync();
        Assert.NotNull(_catalog.Find("photos")!.Problem);
        _bench.Time.Advance(TimeSpan.FromMinutes(1));
        await LookAsync();

        Assert.Null(_catalog.Find("photos")!.Problem);
    }

    private Task LookAsync() => _shelf.LookAsync(TestContext.Current.CancellationToken);

    private string Offered() => string.Join(", ", _catalog.Models.Select(model => $"{model.Name} {model.Place}"));

    private sealed class OwnModels(params WorkerModel[] models) : IModelSource
    {
        public IReadOnlyList<WorkerModel> Read(CancellationToken cancellationToken) => models;
    }
}
