using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace RenderFarm.Diffusion.Models.Reading;

/// <summary>
/// SHA-256 of files, each computed once and remembered in a folder by the file's path, for as long as its size, time and inode stay.
/// The folder may be emptied at any time; without one nothing is remembered.
/// </summary>
internal sealed class FileHashes(string? cacheFolder)
{
    private const string FolderName = "hashes";

    private readonly string? _folder = cacheFolder is null ? null : Path.Combine(cacheFolder, FolderName);

    public static FileHashes Unremembered { get; } = new(null);

    /// <summary>The file's hash: the known one or the remembered one where the file is still the same, else computed.</summary>
    public HashedFile Of(string file, CancellationToken ct, HashedFile? known = null)
    {
        var path = FileState.Original(file);
        var state = FileState.Of(path);
        if (known?.IsStill(path, state) == true)
        {
            return known;
        }

        if (Recall(path) is { } remembered && remembered.IsStill(path, state))
        {
            return remembered;
        }

        var hashed = HashedFile.Of(path, ct);
        Remember(hashed);
        return hashed;
    }

    private HashedFile? Recall(string path)
    {
        try
        {
            return _folder is null ? null : JsonSerializer.Deserialize<HashedFile>(File.ReadAllBytes(PlaceOf(path)));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or JsonException)
        {
            // Not remembered, or not as it was written.
            return null;
        }
    }

    private void Remember(HashedFile hashed)
    {
        if (_folder is null)
        {
            return;
        }

        var aside = Path.Combine(_folder, $"{Guid.NewGuid():N}.part");
        try
        {
            Directory.CreateDirectory(_folder);
            File.WriteAllBytes(aside, JsonSerializer.SerializeToUtf8Bytes(hashed));
            File.Move(aside, PlaceOf(hashed.File), overwrite: true);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // The disk is full or cannot be written: then it is hashed again.
            TryDelete(aside);
        }
    }

    private static void TryDelete(string file)
    {
        try
        {
            File.Delete(file);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // It stays behind, with no name that anybody asks for.
        }
    }

    private string PlaceOf(string path) => Path.Combine(_folder!, $"{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(path)))}.json");
}
