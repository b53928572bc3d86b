using RenderFarm.ServiceDefaults.ModelStore;
using RenderFarm.Shared;
using RenderFarm.Worker.ModelCache;

namespace RenderFarm.Worker.Tests.ModelCache;

public sealed class ModelFetchTests : IDisposable
{
    private const int Range = FileRange.Size;
    private readonly CacheBench _bench = new();

    public void Dispose() => _bench.Dispose();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_model_is_fetched_with_all_its_files_and_the_list_of_their_digests()
    {
        var model = await _bench.PushAsync("photos", ("unet/model.onnx", Range + 1), ("unet/config.json", 100), ("empty", 0));

        var folder = await _bench.FetchAsync(model);

        Assert.Equal(model.Digest, Path.GetFileName(folder));
        await HasAllAsync(model, folder);
        Assert.Equal(
            model.Files.OrderBy(file => file.Path, StringComparer.Ordinal).Select(file => $"{file.Sha256}  {file.Path}"),
            await File.ReadAllLinesAsync(Path.Combine(folder, "SHA256SUMS"), Cancellation));
        Assert.Equal(4, Directory.GetFiles(folder, "*", SearchOption.AllDirectories).Length);
        Assert.False(Directory.Exists(_bench.Cache.PartOf(model.Digest)));
    }

    [Fact]
    public async Task A_model_that_is_there_is_not_fetched_again()
    {
        var model = await _bench.PushAsync("photos", ("a", 10));
        await _bench.FetchAsync(model);

        await _bench.FetchAsync(model);

        Assert.Equal(1, _bench.Store.Ranges);
    }

    [Fact]
    public async Task A_fetch_goes_on_where_an_ended_one_was()
    {
        var model = await _bench.PushAsync("photos", ("a", (3 * Range) + 5));
        await _bench.FetchPartlyAsync(model, from: 2 * Range, arriving: 2);
        Assert.False(_bench.Cache.Has(model.Digest));
        var before = _bench.Store.Ranges;

        var folder = await _bench.FetchAsync(model);

        Assert.Equal(2, _bench.Store.Ranges - before);
        await HasAllAsync(model, folder);
    }

    [Fact]
    public async Task What_an_ended_fetch_left_torn_is_fetched_anew()
    {
        var model = await _bench.PushAsync("photos", ("a", 2 * Range));
        await _bench.FetchPartlyAsync(model, from: Range, arriving: 1);
        await File.WriteAllBytesAsync(Path.Combine(_bench.Cache.PartOf(model.Digest), "a"), new byte[100], Cancellation);

        var folder = await _bench.FetchAsync(model);

        await HasAllAsync(model, folder);
    }

    [Fact]
    public async Task A_file_that_is_not_what_its_digest_says_is_deleted_and_no_workers_fault()
    {
        var model = await _bench.PushAsync("photos", ("good", 10), ("bad", Range + 10));
        var changed = _bench.ObjectOf(model.Files[1]);
        var bytes = await File.ReadAllBytesAsync(changed, Cancellation);
        bytes[^1] ^= 1;
        await File.WriteAllBytesAsync(changed, bytes, Cancellation);

        var fault = await Assert.ThrowsAsync<ModelFetchException>(() => _bench.FetchAsync(model));

        Assert.Equal((ErrorClass.Infrastructure, false), (fault.Class, fault.IsPassing));
        Assert.Contains("'bad' of the model 'photos'", fault.Message, StringComparison.Ordinal);
        Assert.Contains(model.Files[1].Sha256, fault.Message, StringComparison.Ordinal);
        Assert.Empty(_bench.Cache.Models());
    }

    [Fact]
    public async Task What_comes_after_a_file_that_is_wrong_is_not_waited_for()
    {
        var model = await _bench.PushAsync("photos", ("bad", 10), ("rest", 2 * Range));
        await File.WriteAllBytesAsync(_bench.ObjectOf(model.Files[0]), new byte[10], Cancellation);
        _bench.Store.BeforeRange = (offset, token) => offset == 0 ? Task.CompletedTask : Task.Delay(Timeout.InfiniteTimeSpan, token);

        var fault = await Assert.ThrowsAsync<ModelFetchException>(() => _bench.FetchAsync(model));

        Assert.Contains("'bad' of the model 'photos'", fault.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null)]
    [InlineData(9)]
    public async Task A_fetched_model_of_which_somebody_deleted_a_file_or_cut_it_short_is_fetched_anew(int? left)
    {
        var model = await _bench.PushAsync("photos", ("unet/model.onnx", 10), ("index", 10));
        var file = Path.Combine(await _bench.FetchAsync(model), "unet", "model.onnx");
        File.Delete(file);
        if (left is { } bytes)
        {
            await File.WriteAllBytesAsync(file, new byte[bytes], Cancellation);
        }

        await HasAllAsync(model, await _bench.FetchAsync(model));
    }

    [Fact]
    public async Task Workers_of_a_machine_that_ask_together_fetch_once_and_share_the_folder()
    {
        var model = await _bench.PushAsync("photos", ("a", Range + 1));
        var gate = new TaskCompletionSource();
        _bench.Store.BeforeRange = (_, token) => gate.Task.WaitAsync(token);

        var first = _bench.NewFetch().UseAsync(model, Cancellation);
        var others = Enumerable.Range(0, 3).Select(_ => _bench.NewFetch().UseAsync(model, Cancellation)).ToList();
        gate.SetResult();

        // The first waits for nobody; time passes only for those behind it.
        using var fetched = await first;
        var folders = new HashSet<string> { fetched.Folder };
        foreach (var use in others)
        {
            using var held = await AdvancingAsync(use);
            folders.Add(held.Folder);
        }

        Assert.Equal(2, _bench.Store.Ranges);
        Assert.Single(folders);
    }

    [Fact]
    public async Task A_store_that_stays_away_is_nobodys_fault_and_what_was_fetched_stays()
    {
        var model = await _bench.PushAsync("photos", ("a", 2 * Range));
        await _bench.FetchPartlyAsync(model, from: Range, arriving: 1);
        _bench.Store.IsAway = true;

        var fault = await Assert.ThrowsAsync<ModelFetchException>(() => AdvancingAsync(_bench.NewFetch().UseAsync(model, Cancellation)));

        Assert.Equal((ErrorClass.Infrastructure, true), (fault.Class, fault.IsPassing));
        _bench.Store.IsAway = false;
        var before = _bench.Store.Ranges;
        await _bench.FetchAsync(model);
        Assert.Equal(1, _bench.Store.Ranges - before);
    }

    [Fact]
    public async Task A_store_that_comes_back_in_time_is_only_waited_for()
    {
        var model = await _bench.PushAsync("photos", ("a", 10));
        _bench.Store.IsAway = true;

        _bench.Store.BeforeRange = (_, _) =>
        {
            _bench.Store.IsAway = _bench.Store.Ranges < 3;
            return Task.CompletedTask;
        };

        using var use = await AdvancingAsync(_bench.NewFetch().UseAsync(model, Cancellation), until: () => _bench.Store.Ranges == 3);

        Assert.Equal(3, _bench.Store.Ranges);
        await HasAllAsync(model, use.Folder);
    }

    [Fact]
    public async Task A_connection_that_falls_silent_or_ends_early_is_replaced_by_another()
    {
        var model = await _bench.PushAsync("photos", ("a", 1000));
        Queue<Func<Stream, Stream>> connections = new([_ => new SilentStream(), _ => new MemoryStream(new byte[999]), content => content]);
        _bench.Store.ChangeRange = content => connections.Dequeue()(content);

        using var use = await AdvancingAsync(_bench.NewFetch().UseAsync(model, Cancellation), until: () => connections.Count == 0);

        await HasAllAsync(model, use.Folder);
        Assert.Empty(connections);
    }

    [Fact]
    public async Task A_file_that_the_store_does_not_have_is_no_workers_fault()
    {
        var model = await _bench.PushAsync("photos", ("a", 10));
        File.Delete(_bench.ObjectOf(model.Files[0]));

        var fault = await Assert.ThrowsAsync<ModelFetchException>(() => _bench.FetchAsync(model));

        Assert.Equal((ErrorClass.Infrastructure, false), (fault.Class, fault.IsPassing));
        Assert.Contains("photos", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_folder_that_cannot_be_written_is_named_with_its_setting()
    {
        var model = await _bench.PushAsync("photos", ("a", 10));
        await File.WriteAllTextAsync(_bench.Options.ModelCache, "a file", Cancellation);

        var fault = await Assert.ThrowsAsync<ModelFetchException>(() => _bench.FetchAsync(model));

        Assert.Equal(ErrorClass.Worker, fault.Class);
        Assert.Contains("Worker:ModelCache", fault.Message, StringComparison.Ordinal);
    }

    /// <summary>Lets time pass until it is done, or nothing is left but reading, which must not run out of it: whoever waits looks again, tries again or gives up.</summary>
    private async Task<T> AdvancingAsync<T>(Task<T> task, Func<bool>? until = null)
    {
        while (!task.IsCompleted && until?.Invoke() != true)
        {
            _bench.Time.Advance(TimeSpan.FromSeconds(11));
            await Task.Yield();
        }

        return await task;
    }

    private static async Task HasAllAsync(ModelManifest model, string folder)
    {
        foreach (var file in model.Files)
        {
            Assert.Equal(file.Sha256, await CacheBench.HashAsync(Path.Combine(folder, file.Path)));
        }
    }

    private sealed class SilentStream : MemoryStream
    {
        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken);
            return 0;
        }
    }
}
