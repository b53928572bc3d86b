using System.Security.Cryptography;
using System.Text;

namespace RenderFarm.Diffusion.Models.Reading;

/// <summary>
/// The identity of a model: SHA-256 of the lines "sha256, two spaces, path" of its files, sorted by path.
/// <c>SHA256SUMS</c> (as sha256sum writes it) states them; without that file they are computed.
/// </summary>
internal static class ModelDigest
{
    public const string FileName = "SHA256SUMS";

    private const string Restore = "Download the file again, or run sha256sum anew if the change is meant.";

    /// <summary>Checks every listed file and that each file in use is listed, notes what differs, and returns the digest.</summary>
    public static string Read(ProblemList problems, IReadOnlyList<string> filesInUse, bool verify, FileHashes hashes, CancellationToken ct)
    {
        if (!File.Exists(problems.PathOf(FileName)))
        {
            return Of(FilesOf(problems.Folder).ToDictionary(file => file, file => hashes.Of(problems.PathOf(file), ct).Sha256, StringComparer.Ordinal));
        }

        var stated = ReadLines(problems);
        foreach (var file in filesInUse.Where(file => !stated.ContainsKey(file) && File.Exists(problems.PathOf(file))))
        {
            problems.Add(FileName, $"It does not list {file}.", "Run sha256sum over the whole folder again.");
        }

        foreach (var (file, expected) in verify ? stated : [])
        {
            Verify(problems, file, expected, ct);
        }

        return Of(stated);
    }

    /// <summary>The files that the digest is of, with their own digests: as stated, or computed.</summary>
    public static IReadOnlyDictionary<string, string> Hashes(string folder, CancellationToken ct)
    {
        var problems = new ProblemList(folder);
        var hashes = File.Exists(problems.PathOf(FileName))
            ? ReadLines(problems)
            : FilesOf(folder).ToDictionary(file => file, file => HashFile(problems.PathOf(file), ct), StringComparer.Ordinal);
        return problems.Count == 0 ? hashes : throw new ModelFolderException(folder, problems.Problems);
    }

    /// <summary>The lines of <c>SHA256SUMS</c> in their canonical form.</summary>
    public static string Lines(IReadOnlyDictionary<string, string> hashes) =>
        string.Concat(hashes.OrderBy(entry => entry.Key, StringComparer.Ordinal).Select(entry => $"{entry.Value}  {entry.Key}\n"));

    /// <summary>The files that make up a model: all but the list itself, hidden files and Markdown.</summary>
    public static IReadOnlyList<string> FilesOf(string folder) =>
        [.. Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories)
            .Select(path => Path.GetRelativePath(folder, path).Replace(Path.DirectorySeparatorChar, '/'))
            .Where(file => file != FileName && !file.EndsWith(".md", StringComparison.OrdinalIgnoreCase) && !file.Split('/').Any(part => part.StartsWith('.')))
            .Order(StringComparer.Ordinal)];

    public static string HashFile(string path, CancellationToken ct)
    {
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = new byte[1 << 18];
        for (var read = stream.Read(buffer); read > 0; read = stream.Read(buffer))
        {
            ct.ThrowIfCancellationRequested();
            hash.AppendData(buffer, 0, read);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    /// <summary>The digest of the stated lines in their canonical form.</summary>
    public static string Of(IReadOnlyDictionary<string, string> hashes) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Lines(hashes))));

    private static Dictionary<string, string> ReadLines(ProblemList problems)
    {
        var hashes = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var line in File.ReadLines(problems.PathOf(FileName)).Where(line => !string.IsNullOrWhiteSpace(line)))
        {
            var parts = line.Split(' ', 2);
            var file = parts.Length == 2 && parts[1].Length > 1 ? parts[1][1..].Trim() : "";
            file = file.StartsWith("./", StringComparison.Ordinal) ? file[2..] : file;
            var wellFormed = parts[0].Length == 64 && parts[0].All(char.IsAsciiHexDigit) && file.Length > 0;
            if (!wellFormed || Path.IsPathRooted(file) || file.Split('/').Contains("..") || !hashes.TryAdd(file, parts[0].ToLowerInvariant()))
            {
                problems.Add(FileName, $"The line '{line}' is not \"sha256  path\" of one file inside the folder.", "Write the file with sha256sum.");
            }
        }

        return hashes;
    }

    private static void Verify(ProblemList problems, string file, string expected, CancellationToken ct)
    {
        var path = problems.PathOf(file);
        if (!File.Exists(path))
        {
            problems.Add(file, $"{FileName} lists it, but it is missing.", Restore);
        }
        else if (HashFile(path, ct) is var actual && actual != expected)
        {
            problems.Add(file, $"Its SHA-256 is {actual}; {FileName} says {expected}.", Restore);
        }
    }
}
