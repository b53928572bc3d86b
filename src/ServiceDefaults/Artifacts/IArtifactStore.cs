namespace RenderFarm.ServiceDefaults.Artifacts;

/// <summary>Where finished images, and the models of the farm, lie: a folder on one machine, or an S3 bucket that all machines reach. Every failure is an <see cref="ArtifactStoreException"/>.</summary>
public interface IArtifactStore
{
    /// <summary>Stores the object whole or not at all; the same key may be written again with the same bytes.</summary>
    Task PutAsync(string key, ReadOnlyMemory<byte> content, string contentType, CancellationToken cancellationToken);

    /// <summary>Stores a large object from a stream of this many bytes, whole or not at all.</summary>
    Task PutAsync(string key, Stream content, long bytes, string contentType, CancellationToken cancellationToken);

    /// <summary>Opens the object; the caller disposes the stream. A missing one is <see cref="ArtifactFault.Missing"/>.</summary>
    Task<Stream> OpenReadAsync(string key, CancellationToken cancellationToken);

    /// <summary>Opens the object at an offset for a number of bytes; the stream may go on after them. One that does not reach as far as the offset is <see cref="ArtifactFault.Missing"/>.</summary>
    Task<Stream> OpenRangeAsync(string key, long offset, long bytes, CancellationToken cancellationToken);

    /// <summary>Removes the object; a missing one is no error.</summary>
    Task DeleteAsync(string key, CancellationToken cancellationToken);

    /// <summary>A link that downloads the object without credentials until it expires, under <paramref name="fileName"/> when given; null where the store has no links of its own.</summary>
    Task<Uri?> PresignGetAsync(string key, TimeSpan expiry, string? fileName, CancellationToken cancellationToken);

    /// <summary>Proves that objects can be written and removed; the error names what is wrong and the setting that puts it right.</summary>
    Task CheckAsync(CancellationToken cancellationToken);

    /// <summary>The objects whose keys start with <paramref name="prefix"/>, in no particular order.</summary>
    IAsyncEnumerable<StoredArtifact> ListAsync(string prefix, CancellationToken cancellationToken);
}

/// <summary>An object of the store.</summary>
public sealed record StoredArtifact(string Key, long Bytes, DateTimeOffset LastModified);
