using System.Text;

namespace RenderFarm.TestKit.Goldens;

/// <summary>A copy of a model folder in a temporary place, to be damaged by a test.</summary>
public sealed class CopiedModel : IDisposable
{
    public CopiedModel(string source)
    {
        Folder = Path.Combine(Directory.CreateTempSubdirectory("renderfarm-model-").FullName, Path.GetFileName(source));
        foreach (var file in Directory.EnumerateFiles(source, "*", SearchOption.AllDirectories))
        {
            var copy = Path.Combine(Folder, Path.GetRelativePath(source, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
        }
    }

    public string Folder { get; }

    public string PathOf(string file) => Path.Combine(Folder, file);

    public void Write(string file, string text) => File.WriteAllText(PathOf(file), text);

    public void Replace(string file, string from, string to)
    {
        var text = File.ReadAllText(PathOf(file));
        if (!text.Contains(from, StringComparison.Ordinal))
        {
            throw new InvalidOperationException($"{file} does not hold '{from}'.");
        }

        Write(file, text.Replace(from, to, StringComparison.Ordinal));
    }

    /// <summary>Replaces every occurrence of a name inside a binary file by one of equal length.</summary>
    public void ReplaceBytes(string file, string from, string to)
    {
        var bytes = File.ReadAllBytes(PathOf(file));
        var (found, replacement) = (Encoding.ASCII.GetBytes(from), Encoding.ASCII.GetBytes(to));
        if (found.Length != replacement.Length || bytes.AsSpan().IndexOf(found) < 0)
        {
            throw new InvalidOperationException($"{file} does not hold '{from}', or '{to}' is not as long.");
        }

        for (var at = bytes.AsSpan().IndexOf(found); at >= 0; at = bytes.AsSpan().IndexOf(found))
        {
            replacement.CopyTo(bytes, at);
        }

        File.WriteAllBytes(PathOf(file), bytes);
    }

    public void Dispose() => Directory.Delete(Path.GetDirectoryName(Folder)!, recursive: true);
}
