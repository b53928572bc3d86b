using RenderFarm.ServiceDefaults.Artifacts;

namespace RenderFarm.Worker.Simulation;

/// <summary>Takes every object and keeps none, where the store is not what is measured.</summary>
public sealed class DiscardedArtifacts : IArtifactStore
{
    /// <inheritdoc/>
    public Task PutAsync(string key, ReadOnlyMemory<byte> content, string contentType, CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task PutAsync(string key, Stream content, long bytes, string contentType, CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task<Stream> OpenReadAsync(string key, CancellationToken cancellationToken) => throw Missing(key);

    /// <inheritdoc/>
    public Task<Stream> OpenRangeAsync(string key, long offset, long bytes, CancellationToken cancellationToken) => throw Missing(key);

    /// <inheritdoc/>
    public Task DeleteAsync(string key, CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task<Uri?> PresignGetAsync(string key, TimeSpan expiry, string? fileName, CancellationToken cancellationToken) => Task.FromResult<Uri?>(null);

    /// <inheritdoc/>
    public Task CheckAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public IAsyncEnumerable<StoredArtifact> ListAsync(string prefix, CancellationToken cancellationToken) => AsyncEnumerable.Empty<StoredArtifact>();

    private static ArtifactStoreException Missing(string key) => new(ArtifactFault.Missing, $"There is no '{key}': simulated workers without uploads keep no objects.");
}
