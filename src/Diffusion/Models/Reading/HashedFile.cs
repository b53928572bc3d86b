using System.Text.Json.Serialization;

namespace RenderFarm.Diffusion.Models.Reading;

/// <summary>A file's SHA-256, and the state that the file had when it was computed.</summary>
internal record HashedFile
{
    [JsonPropertyName("file")]
    public required string File { get; init; }

    [JsonPropertyName("sha256")]
    public required string Sha256 { get; init; }

    [JsonPropertyName("bytes")]
    public required long Bytes { get; init; }

    [JsonPropertyName("modified")]
    public required DateTime Modified { get; init; }

    [JsonPropertyName("inode")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ulong? Inode { get; init; }

    /// <summary>Hashes a file.</summary>
    public static HashedFile Of(string file, CancellationToken ct)
    {
        // Before it is read: what changes meanwhile is seen the next time.
        var state = FileState.Of(file);
        return Of(file, ModelDigest.HashFile(file, ct), state);
    }

    public static HashedFile Of(string file, string sha256, FileState state) =>
        new() { File = file, Sha256 = sha256, Bytes = state.Bytes, Modified = state.Modified, Inode = state.Inode };

    /// <summary>Whether a file is this one, and as it was. An inode that was not told says nothing.</summary>
    public bool IsStill(string file, FileState state) =>
        File == file && (Bytes, Modified) == (state.Bytes, state.Modified) && (Inode is null || state.Inode is null || Inode == state.Inode);
}
