using RenderFarm.ServiceDefaults.Artifacts;
using RenderFarm.ServiceDefaults.ModelStore;

namespace RenderFarm.Worker.ModelCache;

/// <summary>Brings one range of a file from the store to its place in a file here, and tries again while the store is away.</summary>
internal sealed class RangeFetch(StoredModels store, WorkerIdentity me, TimeProvider time)
{
    private const int Tries = 8;
    private const int BufferBytes = 1 << 18;

    // A connection that brings nothing for so long is dead, whatever it says of itself.
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(30);

    /// <summary>Fetches a range. Throws an <see cref="ArtifactStoreException"/> when the store did not give it.</summary>
    public async Task RunAsync(StoredFile file, FileRange range, string path, CancellationToken cancellationToken)
    {
        var backoff = new Backoff(me.Epoch + range.Number);
        for (var tried = 1; ; tried++)
        {
            try
            {
                await TryAsync(file, range, path, cancellationToken);
                return;
            }
            catch (ArtifactStoreException away) when (away.Fault == ArtifactFault.Unavailable && tried < Tries)
            {
                await Task.Delay(backoff.Next(), time, cancellationToken);
            }
        }
    }

    private async Task TryAsync(StoredFile file, FileRange range, string path, CancellationToken cancellationToken)
    {
        await using var content = await store.OpenRangeAsync(file, range.Offset, range.Bytes, cancellationToken);
        using var place = File.OpenHandle(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
        var buffer = new byte[Math.Min(BufferBytes, range.Bytes)];
        for (var done = 0; done < range.Bytes;)
        {
            var read = await ReadAsync(content, buffer.AsMemory(0, Math.Min(buffer.Length, range.Bytes - done)), file, cancellationToken);
            await RandomAccess.WriteAsync(place, buffer.AsMemory(0, read), range.Offset + done, cancellationToken);
            done += read;
        }
    }

    private async Task<int> ReadAsync(Stream content, Memory<byte> buffer, StoredFile file, CancellationToken cancellationToken)
    {
        using var silence = new CancellationTokenSource(Silence, time);
        using var limited = CancellationTokenSource.CreateLinkedTokenSource(silence.Token, cancellationToken);
        try
        {
            var read = await content.ReadAsync(buffer, limited.Token);
            return read > 0 ? read : throw new ArtifactStoreException(ArtifactFault.Unavailable, $"The store ended '{file.Path}' ({file.Sha256}) too early.");
        }
        catch (Exception cut) when (cut is not ArtifactStoreException && !cancellationToken.IsCancellationRequested)
        {
            throw new ArtifactStoreException(ArtifactFault.Unavailable, $"The store broke off '{file.Path}' ({file.Sha256}): {cut.Message}", cut);
        }
    }
}
