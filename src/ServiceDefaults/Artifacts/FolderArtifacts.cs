using System.Runtime.CompilerServices;
using CommunityToolkit.HighPerformance;
using RenderFarm.ServiceDefaults.Disk;

namespace RenderFarm.ServiceDefaults.Artifacts;

/// <summary>Artifacts as files below one folder. A file appears under its key only when all of it is on the disk, and stays there after a power cut.</summary>
public sealed class FolderArtifacts : IArtifactStore
{
    // Keys have no segment that starts with a dot, so nothing in here can be mistaken for an artifact.
    private const string TemporaryFolder = ".incoming";
    private const int MaxTries = 5;
    private const int CopyBytes = 1 << 20;
    private readonly string _root;

    /// <summary>Uses this folder; it is made at the first write.</summary>
    public FolderArtifacts(string folder) => _root = Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder));

    /// <inheritdoc/>
    public async Task PutAsync(string key, ReadOnlyMemory<byte> content, string contentType, CancellationToken cancellationToken)
    {
        await using var stream = content.AsStream();
        await PutAsync(key, stream, content.Length, contentType, cancellationToken);
    }

    /// <inheritdoc/>
    public Task PutAsync(string key, Stream content, long bytes, string contentType, CancellationToken cancellationToken)
    {
        var path = PathOf(key);
        return GuardAsync($"write '{key}'", async () =>
        {
            var temporary = Path.Combine(_root, TemporaryFolder, Guid.NewGuid().ToString("N"));
            Directory.CreateDirectory(Path.GetDirectoryName(temporary)!);
            try
            {
                await using (var file = new FileStream(temporary, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 0, useAsync: true))
                {
                    await content.CopyToAsync(file, CopyBytes, cancellationToken);
                    if (file.Length != bytes)
                    {
                        throw new IOException($"It was said to have {bytes} bytes, and had {file.Length}.");
                    }

                    file.Flush(flushToDisk: true);
                }

                Publish(temporary, path);
                Sync(Path.GetDirectoryName(path)!);
            }
            catch
            {
                File.Delete(temporary);
                throw;
            }

            return true;
        });
    }

    /// <inheritdoc/>
    public Task<Stream> OpenReadAsync(string key, CancellationToken cancellationToken) => OpenAsync(key, 0);

    /// <inheritdoc/>
    public Task<Stream> OpenRangeAsync(string key, long offset, long bytes, CancellationToken cancellationToken) => OpenAsync(key, offset);

    /// <inheritdoc/>
    public Task DeleteAsync(string key, CancellationToken cancellationToken)
    {
        var path = PathOf(key);
        return GuardAsync($"delete '{key}'", () =>
        {
            var folder = Path.GetDirectoryName(path)!;
            if (Directory.Exists(folder))
            {
                File.Delete(path);
                RemoveEmpty(folder);
            }

            return Task.FromResult(true);
        });
    }

    /// <inheritdoc/>
    public Task<Uri?> PresignGetAsync(string key, TimeSpan expiry, string? fileName, CancellationToken cancellationToken)
    {
        ArtifactKey.Validate(key);
        return Task.FromResult<Uri?>(null);
    }

    /// <inheritdoc/>
    public async Task CheckAsync(CancellationToken cancellationToken)
    {
        var probe = $"check/{Guid.NewGuid():N}";
        await PutAsync(probe, new byte[] { 1 }, "application/octet-stream", cancellationToken);
        await DeleteAsync(probe, cancellationToken);
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<StoredArtifact> ListAsync(string prefix, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        ArtifactKey.ValidatePrefix(prefix);
        var folder = Path.Combine(_root, prefix.Contains('/', StringComparison.Ordinal) ? prefix[..prefix.LastIndexOf('/')] : "");
        if (!Directory.Exists(folder))
        {
            yield break;
        }

        var what = $"list '{prefix}'";
        var options = new EnumerationOptions { RecurseSubdirectories = true, IgnoreInaccessible = false };
        using var files = await GuardAsync(what, () => Task.FromResult(new DirectoryInfo(folder).EnumerateFiles("*", options).GetEnumerator()));
        while (await GuardAsync(what, () => Task.FromResult(files.MoveNext())))
        {
            cancellationToken.ThrowIfCancellationRequested();
            var file = files.Current;
            var key = Path.GetRelativePath(_root, file.FullName).Replace(Path.DirectorySeparatorChar, '/');
            if (key.StartsWith(prefix, StringComparison.Ordinal) && !key.StartsWith(TemporaryFolder, StringComparison.Ordinal) && file.Exists)
            {
                yield return new StoredArtifact(key, file.Length, file.LastWriteTimeUtc);
            }
        }
    }

    private Task<Stream> OpenAsync(string key, long offset)
    {
        var path = PathOf(key);
        return GuardAsync<Stream>($"read '{key}'", () =>
        {
            try
            {
                var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, bufferSize: 64 * 1024, useAsync: true);
                if (offset > 0 && offset >= file.Length)
                {
                    file.Dispose();
                    throw new ArtifactStoreException(ArtifactFault.Missing, $"The artifact '{key}' in the folder '{_root}' is shorter than {offset} bytes.");
                }

                file.Position = offset;
                return Task.FromResult<Stream>(file);
            }
            catch (Exception ex) when (ex is FileNotFoundException or DirectoryNotFoundException)
            {
                throw new ArtifactStoreException(ArtifactFault.Missing, $"The folder '{_root}' has no artifact '{key}'.", ex);
            }
        });
    }

    private string PathOf(string key)
    {
        ArtifactKey.Validate(key);
        return Path.Combine(_root, key.Replace('/', Path.DirectorySeparatorChar));
    }

    private static void Publish(string temporary, string path)
    {
        var folder = Path.GetDirectoryName(path)!;
        for (var tries = 1; ; tries++)
        {
            Directory.CreateDirectory(folder);
            try
            {
                File.Move(temporary, path, overwrite: true);
                return;
            }
            catch (DirectoryNotFoundException) when (tries < MaxTries)
            {
                // A delete in the same folder has just removed it as empty.
            }
        }
    }

    // Of the file's folder and all above it: some of them may be as new as the file.
    private void Sync(string folder)
    {
        for (; folder.Length >= _root.Length; folder = Path.GetDirectoryName(folder)!)
        {
            DurableFile.SyncFolder(folder);
        }
    }

    private void RemoveEmpty(string folder)
    {
        try
        {
            while (folder.Length > _root.Length)
            {
                Directory.Delete(folder);
                folder = Path.GetDirectoryName(folder)!;
            }
        }
        catch (IOException)
        {
            // Not empty: somebody else's artifacts are in it.
        }
    }

    private async Task<T> GuardAsync<T>(string what, Func<Task<T>> action)
    {
        try
        {
            return await action();
        }
        catch (UnauthorizedAccessException ex)
        {
            throw new ArtifactStoreException(
                ArtifactFault.Misconfigured, $"Cannot {what} in the folder '{_root}': {ex.Message} Give this user write permission or set Artifacts:Folder (RENDERFARM__Artifacts__Folder) to another one.", ex);
        }
        catch (IOException ex)
        {
            throw new ArtifactStoreException(
                ArtifactFault.Unavailable, $"Cannot {what} in the folder '{_root}': {ex.Message} Check that the disk of Artifacts:Folder (RENDERFARM__Artifacts__Folder) is there and has room.", ex);
        }
    }
}
