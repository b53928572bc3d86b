using System.IO.Hashing;
using Microsoft.ML.OnnxRuntime;

namespace RenderFarm.Diffusion.Runtime;

/// <summary>
/// Networks on disk as the runtime optimised them, so that the next start need not. An entry is a folder that appears whole or
/// not at all; one whose files are not as they were written is removed. Entries may be deleted at any time.
/// </summary>
internal sealed class GraphCache(string folder)
{
    private const string Network = "network.onnx";
    private const string Weights = "network.bin";
    private const string Checksums = "checksums";

    // The runtime maps what lies apart into memory; small constants are read with the graph.
    private const string LeastBytesApart = "1024";

    /// <summary>An entry's network, or null where there is none that is sound.</summary>
    public string? Find(string key)
    {
        var entry = Path.Combine(folder, key);
        try
        {
            if (!Directory.Exists(entry))
            {
                return null;
            }

            if (File.ReadAllText(Path.Combine(entry, Checksums)) == ChecksumsOf(entry))
            {
                return Path.Combine(entry, Network);
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // A file that is missing or cannot be read is damage as well.
        }

        Remove(entry);
        return null;
    }

    /// <summary>Has a session that is made with these options write what it optimised; null where nothing can be written.</summary>
    public string? Record(SessionOptions options)
    {
        var draft = Path.Combine(folder, $"{Guid.NewGuid():N}.draft");
        try
        {
            Directory.CreateDirectory(draft);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }

        options.OptimizedModelFilePath = Path.Combine(draft, Network);
        options.AddSessionConfigEntry("session.optimized_model_external_initializers_file_name", Weights);
        options.AddSessionConfigEntry("session.optimized_model_external_initializers_min_size_in_bytes", LeastBytesApart);

        // It warns that such a network fits this processor only, which the key says.
        options.LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR;
        return draft;
    }

    /// <summary>Makes what was recorded the entry of a key.</summary>
    public void Keep(string draft, string key)
    {
        try
        {
            File.WriteAllText(Path.Combine(draft, Checksums), ChecksumsOf(draft));
            Directory.Move(draft, Path.Combine(folder, key));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // The disk is full, or another process was first.
            Remove(draft);
        }
    }

    public static void Remove(string entry)
    {
        try
        {
            Directory.Delete(entry, recursive: true);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // Another process uses it or removed it; without checksums it is no entry.
        }
    }

    private static string ChecksumsOf(string entry) => string.Concat(
        Directory.EnumerateFiles(entry).Where(file => Path.GetFileName(file) != Checksums).Order(StringComparer.Ordinal).Select(file =>
        {
            using var stream = File.OpenRead(file);
            var hash = new XxHash128();
            hash.Append(stream);
            return $"{Convert.ToHexStringLower(hash.GetCurrentHash())}  {Path.GetFileName(file)}\n";
        }));
}
