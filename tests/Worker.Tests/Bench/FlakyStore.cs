using RenderFarm.ServiceDefaults.Artifacts;

namespace RenderFarm.Worker.Tests.Bench;

/// <summary>A real store that is away for as long as the test wants.</summary>
internal sealed class FlakyStore(IArtifactStore inner) : IArtifactStore
{
    private int _refusedWrites;

    public bool IsAway { get; set; }

    /// <summary>Writes that came while the store was away.</summary>
    public int RefusedWrites => _refusedWrites;

    public Task PutAsync(string key, ReadOnlyMemory<byte> content, string contentType, CancellationToken cancellationToken)
    {
        if (IsAway)
        {
            Interlocked.Increment(ref _refusedWrites);
            throw new ArtifactStoreException(ArtifactFault.Unavailable, "The test took the store away.");
        }

        return inner.PutAsync(key, content, contentType, cancellationToken);
    }

    public Task<Stream> OpenReadAsync(string key, CancellationToken cancellationToken) => inner.OpenReadAsync(key, cancellationToken);

    public Task DeleteAsync(string key, CancellationToken cancellationToken) => inner.DeleteAsync(key, cancellationToken);

    public Task<Uri?> PresignGetAsync(string key, TimeSpan expiry, string? fileName, CancellationToken cancellationToken) =>
        inner.PresignGetAsync(key, expiry, fileName, cancellationToken);

    public Task CheckAsync(CancellationToken cancellationToken) => inner.CheckAsync(cancellationToken);

    public IAsyncEnumerable<StoredArtifact> ListAsync(string prefix, CancellationToken cancellationToken) => inner.ListAsync(prefix, cancellationToken);
}
