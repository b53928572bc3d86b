using RenderFarm.Diffusion.Checkpoints;
using RenderFarm.Diffusion.Models.Reading;

namespace RenderFarm.Diffusion.Models;

/// <summary>The files that a model's digest is of, for whoever takes the model to another machine, and the folder that they become there.</summary>
public static class ModelFiles
{
    /// <summary>What a checkpoint's file is called in its folder elsewhere.</summary>
    public const string Checkpoint = "model.safetensors";

    /// <summary>What the file of another autoencoder than the checkpoint's own is called beside it.</summary>
    public const string Vae = "vae.safetensors";

    /// <summary>The files of a model that was read. Those of a folder are hashed again, unless SHA256SUMS states their digests.</summary>
    public static IReadOnlyList<ModelFile> Of(ModelFolder model, CancellationToken ct = default) => model.Checkpoint is { } link
        ? [Of(Checkpoint, link), .. link.Vae is { } vae ? [Of(Vae, vae)] : Array.Empty<ModelFile>()]
        : [.. ModelDigest.Hashes(model.Path, ct).OrderBy(entry => entry.Key, StringComparer.Ordinal).Select(entry => Of(model.Path, entry.Key, entry.Value))];

    /// <summary>What has to be told beside the files: what the UNet of a checkpoint predicts; null where the files say it.</summary>
    public static string? PredictionOf(ModelFolder model) => model.Checkpoint?.Prediction;

    /// <summary>The digest of the model that these files are.</summary>
    /// <param name="hashes">Their digests by path.</param>
    /// <param name="prediction">As <see cref="PredictionOf"/> tells it.</param>
    /// <exception cref="ArgumentException">A prediction was given, but not one checkpoint.</exception>
    public static string Digest(IReadOnlyDictionary<string, string> hashes, string? prediction)
    {
        if (prediction is null)
        {
            return ModelDigest.Of(hashes);
        }

        var (weights, vae) = OfCheckpoint(hashes);
        return CheckpointLink.Digest(weights, prediction, vae);
    }

    /// <summary>Makes a folder that holds exactly these files the model that they were, without hashing them again. The answer is the file that says so.</summary>
    public static string Complete(string folder, IReadOnlyDictionary<string, string> hashes, string? prediction)
    {
        if (prediction is null)
        {
            var sums = Path.Combine(folder, ModelDigest.FileName);
            File.WriteAllText(sums, ModelDigest.Lines(hashes));
            return sums;
        }

        var (weights, vae) = OfCheckpoint(hashes);
        return CheckpointLink.Of(Here(folder, Checkpoint, weights), prediction, vae is null ? null : Here(folder, Vae, vae)).WriteInto(folder);
    }

    private static ModelFile Of(string path, HashedFile file) => new(path, file.File, file.Sha256, file.Bytes);

    private static ModelFile Of(string folder, string path, string sha256)
    {
        var source = FileState.Original(Path.Combine(folder, path));
        return new ModelFile(path, source, sha256, FileState.Of(source).Bytes);
    }

    // Without the inode, which another file system need not keep.
    private static HashedFile Here(string folder, string name, string sha256) =>
        HashedFile.Of(name, sha256, FileState.Of(Path.Combine(folder, name)) with { Inode = null });

    private static (string Weights, string? Vae) OfCheckpoint(IReadOnlyDictionary<string, string> hashes) =>
        hashes.TryGetValue(Checkpoint, out var weights) && hashes.Keys.All(path => path is Checkpoint or Vae)
            ? (weights, hashes.GetValueOrDefault(Vae))
            : throw new ArgumentException($"A model with a prediction has the file {Checkpoint}, and perhaps {Vae}, alone; these are {string.Join(", ", hashes.Keys)}.", nameof(hashes));
}

/// <summary>A file of a model.</summary>
/// <param name="Path">Where it belongs in the model's folder, with '/'.</param>
/// <param name="Source">Where it lies.</param>
/// <param name="Sha256">Of the file, lower-case hexadecimal.</param>
/// <param name="Bytes">Size of the file.</param>
public sealed record ModelFile(string Path, string Source, string Sha256, long Bytes);
