using System.Collections.Concurrent;
using RenderFarm.ServiceDefaults.Artifacts;

namespace RenderFarm.ServiceDefaults.ModelStore;

/// <summary>The models in the farm's artifact store: files under their digests, <c>models/sha256/…</c>, and a manifest for each name, <c>models/names/….json</c>.</summary>
public sealed class StoredModels(IArtifactStore store)
{
    private const string Names = "models/names/";
    private const string Files = "models/sha256/";
    private const string Extension = ".json";
    private const int MaxName = 200;
    private const int MaxManifestBytes = 4 << 20;

    // Times of objects may be whole seconds: what was replaced within one is seen at the second look.
    private const int LooksAtEach = 2;
    private readonly ConcurrentDictionary<string, (StoredArtifact Artifact, StoredModel Model, int Looks)> _read = new(StringComparer.Ordinal);

    /// <summary>All models, broken ones with the reason, by name. Manifests that have not changed are not read again.</summary>
    public async Task<IReadOnlyList<StoredModel>> ListAsync(CancellationToken cancellationToken)
    {
        var models = new List<StoredModel>();
        await foreach (var artifact in store.ListAsync(Names, cancellationToken))
        {
            if (!artifact.Key.EndsWith(Extension, StringComparison.Ordinal))
            {
                continue;
            }

            if (!_read.TryGetValue(artifact.Key, out var known) || known.Artifact != artifact || known.Looks < LooksAtEach)
            {
                var looks = known.Artifact == artifact ? known.Looks + 1 : 1;
                known = _read[artifact.Key] = (artifact, await ReadAsync(artifact, cancellationToken), looks);
            }

            models.Add(known.Model with { PushedAt = artifact.LastModified });
        }

        return [.. models.OrderBy(model => model.Name, StringComparer.Ordinal)];
    }

    /// <summary>Stores the files that are not there yet, and then the manifest, which replaces one of the same name. The answer is what was stored.</summary>
    /// <param name="manifest">The model.</param>
    /// <param name="open">Opens one of its files.</param>
    /// <param name="begun">Told of each file that is about to be stored.</param>
    /// <param name="cancellationToken">Ends it; what was stored by then is not stored again.</param>
    /// <exception cref="ModelFileChangedException">A file is not what the manifest says, and was not stored.</exception>
    public Task<IReadOnlyList<StoredFile>> PushAsync(ModelManifest manifest, Func<StoredFile, Stream> open, Action<StoredFile> begun, CancellationToken cancellationToken) =>
        PushAsync(manifest, again: false, open, begun, cancellationToken);

    /// <summary>The same, where <paramref name="again"/> stores also the files that are there: one of them was spoiled.</summary>
    public async Task<IReadOnlyList<StoredFile>> PushAsync(ModelManifest manifest, bool again, Func<StoredFile, Stream> open, Action<StoredFile> begun, CancellationToken cancellationToken)
    {
        var key = NameKey(manifest.Name);
        var stored = new List<StoredFile>();
        foreach (var file in manifest.Files.DistinctBy(file => file.Sha256))
        {
            if (!again && await HasAsync(file, cancellationToken))
            {
                continue;
            }

            begun(file);
            await PutAsync(file, open, cancellationToken);
            stored.Add(file);
        }

        await store.PutAsync(key, manifest.Write(), "application/json", cancellationToken);
        return stored;
    }

    /// <summary>Opens a part of a file; the stream may go on after it.</summary>
    public Task<Stream> OpenRangeAsync(StoredFile file, long offset, long bytes, CancellationToken cancellationToken) =>
        store.OpenRangeAsync(FileKey(file), offset, bytes, cancellationToken);

    /// <summary>Whether a model can be stored under this name: letters, digits, '-', '_' and '.', not starting with '.'.</summary>
    public static bool IsName(string name) => name.Length <= MaxName && ArtifactKey.IsSegment(name);

    private static string NameKey(string name) => $"{Names}{name}{Extension}";

    private static string FileKey(StoredFile file) => $"{Files}{file.Sha256}";

    private async Task PutAsync(StoredFile file, Func<StoredFile, Stream> open, CancellationToken cancellationToken)
    {
        await using var content = new VerifiedStream(open(file), file);
        try
        {
            await store.PutAsync(FileKey(file), content, file.Bytes, "application/octet-stream", cancellationToken);
        }
        catch (ArtifactStoreException fault) when (content.IsWrong)
        {
            throw new ModelFileChangedException(file, fault);
        }
    }

    private async Task<bool> HasAsync(StoredFile file, CancellationToken cancellationToken)
    {
        var key = FileKey(file);
        await foreach (var artifact in store.ListAsync(key, cancellationToken))
        {
            if (artifact.Key == key)
            {
                return artifact.Bytes == file.Bytes;
            }
        }

        return false;
    }

    private async Task<StoredModel> ReadAsync(StoredArtifact artifact, CancellationToken cancellationToken)
    {
        var name = artifact.Key[Names.Length..^Extension.Length];
        if (artifact.Bytes > MaxManifestBytes)
        {
            return new StoredModel(name, null, $"The manifest {artifact.Key} has {artifact.Bytes} bytes; {MaxManifestBytes} are allowed.");
        }

        try
        {
            var json = new byte[artifact.Bytes];
            await using (var stream = await store.OpenReadAsync(artifact.Key, cancellationToken))
            {
                await stream.ReadExactlyAsync(json, cancellationToken);
            }

            var manifest = ModelManifest.Read(json);
            return manifest.Name == name
                ? new StoredModel(name, manifest, null)
                : throw new ModelManifestException($"'name' is '{manifest.Name}'.");
        }
        catch (Exception fault) when (fault is ModelManifestException or EndOfStreamException)
        {
            return new StoredModel(name, null, $"The manifest {artifact.Key} in the store cannot be used: {fault.Message} Push the model again.");
        }
        catch (Exception cut) when (cut is IOException or HttpRequestException)
        {
            throw new ArtifactStoreException(ArtifactFault.Unavailable, $"The store broke off '{artifact.Key}': {cut.Message}", cut);
        }
    }
}

/// <summary>A name in the store: the model behind it, or why there is none.</summary>
public sealed record StoredModel(string Name, ModelManifest? Manifest, string? Problem)
{
    /// <summary>When the name was stored last.</summary>
    public DateTimeOffset PushedAt { get; init; }
}
