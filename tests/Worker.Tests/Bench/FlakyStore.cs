using RenderFarm.ServiceDefaults.Artifacts;

namespace RenderFarm.Worker.Tests.Bench;

/// <summary>A real store that is away for as long as the test wants.</summary>
internal sealed class FlakyStore(IArtifactStore inner) : IArtifactStore
{
    private int _refusedWrites;
    private int _ranges;
    private volatile bool _isAway;

    public bool IsAway
    {
        get => _isAway;
        set => _isAway = value;
    }

    /// <summary>Writes and deletes that came while the store was away.</summary>
    public int RefusedWrites => _refusedWrites;

    /// <summary>Ranges of objects that were asked for.</summary>
    public int Ranges => _ranges;

    /// <summary>What happens to a request for a range, told by its offset, before it is answered.</summary>
    public Func<long, CancellationToken, Task> BeforeRange { get; set; } = (_, _) => Task.CompletedTask;

    /// <summary>What happens to a write, told by its key, before it is done.</summary>
    public Func<string, CancellationToken, Task> BeforePut { get; set; } = (_, _) => Task.CompletedTask;

    /// <summary>What is sent in the place of a range.</summary>
    public Func<Stream, Stream> ChangeRange { get; set; } = content => content;

    public async Task PutAsync(string key, ReadOnlyMemory<byte> content, string contentType, CancellationToken cancellationToken)
    {
        await BeforePut(key, cancellationToken);
        Require();
        await inner.PutAsync(key, content, contentType, cancellationToken);
    }

    public Task PutAsync(string key, Stream content, long bytes, string contentType, CancellationToken cancellationToken)
    {
        Require();
        return inner.PutAsync(key, content, bytes, contentType, cancellationToken);
    }

    public async Task<Stream> OpenRangeAsync(string key, long offset, long bytes, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _ranges);
        await BeforeRange(offset, cancellationToken);
        Require();
        return ChangeRange(await inner.OpenRangeAsync(key, offset, bytes, cancellationToken));
    }

    public Task<Stream> OpenReadAsync(string key, CancellationToken cancellationToken) => inner.OpenReadAsync(key, cancellationToken);

    public Task DeleteAsync(string key, CancellationToken cancellationToken)
    {
        Require();
        return inner.DeleteAsync(key, cancellationToken);
    }

    public Task<Uri?> PresignGetAsync(string key, TimeSpan expiry, string? fileName, CancellationToken cancellationToken) =>
        inner.PresignGetAsync(key, expiry, fileName, cancellationToken);

    public Task CheckAsync(CancellationToken cancellationToken)
    {
        Require();
        return inner.CheckAsync(cancellationToken);
    }

    public IAsyncEnumerable<StoredArtifact> ListAsync(string prefix, CancellationToken cancellationToken)
    {
        Require();
        return inner.ListAsync(prefix, cancellationToken);
    }

    private void Require()
    {
        if (IsAway)
        {
            Interlocked.Increment(ref _refusedWrites);
            throw new ArtifactStoreException(ArtifactFault.Unavailable, "The test took the store away.");
        }
    }
}
