using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using RenderFarm.Diffusion.Models;
using RenderFarm.Diffusion.Onnx;
using RenderFarm.Diffusion.Runtime;
using RenderFarm.Diffusion.Weights;

namespace RenderFarm.Diffusion.Lora.Merging;

/// <summary>
/// Merged weights on disk, a file for what a set of LoRAs changes in a network, mapped into memory by all who render with it. The
/// files used longest ago make room for new ones. They may be deleted at any time; one that is damaged is removed.
/// </summary>
internal sealed class MergedFiles(string cacheFolder, long mostBytes, TimeProvider time)
{
    private const string FolderName = "loras";
    private const string Ending = ".safetensors";
    private const string DraftEnding = ".draft";

    // A disk that runs full would stop what else writes to it.
    private const long KeptFree = 1L << 30;

    // Nobody writes to one for so long.
    private static readonly TimeSpan AbandonedAfter = TimeSpan.FromDays(1);

    private readonly string _folder = Path.Combine(cacheFolder, FolderName);

    /// <summary>All that decides what the merged weights of a network are: it, where they lie, and the LoRAs in the order in which they are added.</summary>
    public static string KeyOf(string modelDigest, string network, MergedWeights merged, IEnumerable<(string Sha256, double Share)> loras)
    {
        // Sizes and times are for folders whose checksums are not verified.
        var files = merged.Files.Select(file => new FileInfo(file)).Select(file => string.Create(CultureInfo.InvariantCulture, $"{file.Name} {file.Length} {file.LastWriteTimeUtc.Ticks}"));
        string[] parts = [modelDigest, network, .. files, .. loras.Select(lora => string.Create(CultureInfo.InvariantCulture, $"{lora.Sha256} {lora.Share:R}"))];
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\n', parts))));
    }

    /// <summary>The merged weights from their file, which is written if it is not there; null where it cannot be written.</summary>
    public ReplacedWeights? Map(string key, MergedWeights merged)
    {
        var file = Path.Combine(_folder, key + Ending);
        return Open(file, merged.Weights) ?? (Write(file, merged) ? Open(file, merged.Weights) : null);
    }

    private ReplacedWeights? Open(string file, IReadOnlyList<Weight> weights)
    {
        if (!File.Exists(file))
        {
            return null;
        }

        SafetensorsFile? mapped = null;
        try
        {
            mapped = SafetensorsFile.Open(file);
            if (Holds(mapped.Header, weights) && SafetensorsWriter.IsAsWritten(file, mapped.Header))
            {
                Touch(file);
                return ReplacedWeights.In(mapped, weights);
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or WeightFileException)
        {
            // Damaged, or removed at this moment.
        }

        mapped?.Dispose();
        Delete(file);
        return null;
    }

    private void Touch(string file)
    {
        try
        {
            File.SetLastWriteTimeUtc(file, time.GetUtcNow().UtcDateTime);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // It is another user's, who may let it go the sooner.
        }
    }

    private static bool Holds(SafetensorsHeader header, IReadOnlyList<Weight> weights) =>
        header.Tensors.Count == weights.Count
        && weights.All(weight => header.Tensors.TryGetValue(weight.Name, out var tensor) && tensor.Element == ElementOf(weight) && tensor.Shape.SequenceEqual(weight.Dims));

    private bool Write(string file, MergedWeights merged)
    {
        var draft = Path.Combine(_folder, $"{Guid.NewGuid():N}{DraftEnding}");
        try
        {
            Directory.CreateDirectory(_folder);
            var bytes = merged.Weights.Sum(weight => WeightElements.BytesOf(weight.Tensor) ?? 0);
            if (!MakeRoom(bytes) || new DriveInfo(_folder).AvailableFreeSpace - bytes < KeptFree)
            {
                return false;
            }

            SafetensorsWriter.Write(
                draft,
                [.. merged.Weights.Select(weight => (weight.Name, ElementOf(weight), weight.Dims))],
                i => merged.Compute(merged.Weights[i]));
            File.Move(draft, file, overwrite: true);
            return true;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // The disk is full or cannot be written.
            return false;
        }
        finally
        {
            // Also where a LoRA cannot be read. One that is whole has another name by now.
            Delete(draft);
        }
    }

    /// <summary>Removes the files used longest ago until so many bytes more are within the bounds; false where they never are.</summary>
    private bool MakeRoom(long bytes)
    {
        var now = time.GetUtcNow().UtcDateTime;
        var kept = new DirectoryInfo(_folder).EnumerateFiles().OrderBy(file => file.LastWriteTimeUtc).ToList();
        foreach (var abandoned in kept.Where(file => file.Extension == DraftEnding && now - file.LastWriteTimeUtc > AbandonedAfter).ToArray())
        {
            kept.Remove(abandoned);
            Delete(abandoned.FullName);
        }

        var excess = kept.Sum(file => file.Length) + bytes - mostBytes;
        foreach (var oldest in kept.Where(file => file.Extension == Ending).TakeWhile(_ => bytes <= mostBytes && excess > 0))
        {
            excess -= oldest.Length;
            Delete(oldest.FullName);
        }

        return excess <= 0;
    }

    private static TensorElement ElementOf(Weight weight) => weight.Element switch
    {
        OnnxElement.Float32 => TensorElement.F32,
        OnnxElement.Float16 => TensorElement.F16,
        OnnxElement.BFloat16 => TensorElement.BF16,
        _ => throw new ArgumentException($"No LoRA changes weights of {weight.Element}.", nameof(weight)),
    };

    private static void Delete(string file)
    {
        try
        {
            File.Delete(file);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // Another process has it open or was first.
        }
    }
}
