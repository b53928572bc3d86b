using RenderFarm.ServiceDefaults.Artifacts;

namespace RenderFarm.Worker.Tests.Bench;

/// <summary>A real store that is away for as long as the test wants.</summary>
internal sealed class FlakyStore(IArtifactStore inner) : IArtifactStore
{
    private int _refusedWrites;
    private volatile bool _isAway;

    public bool IsAway
    {
        get => _isAway;
        set => _isAway = value;
    }

    /// <summary>Writes and deletes that came while the store was away.</summary>
    public int RefusedWrites => _refusedWrites;

    public Task PutAsync(string key, ReadOnlyMemory<byte> content, string contentType, CancellationToken cancellationToken)
    {
        Require();
        return inner.PutAsync(key, content, contentType, cancellationToken);
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

    public IAsyncEnumerable<StoredArtifact> ListAsync(string prefix, CancellationToken cancellationToken) => inner.ListAsync(prefix, cancellationToken);

    private void Require()
    {
        if (IsAway)
        {
            Interlocked.Increment(ref _refusedWrites);
            throw new ArtifactStoreException(ArtifactFault.Unavailable, "The test took the store away.");
        }
    }
}
