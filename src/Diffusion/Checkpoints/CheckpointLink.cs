using System.Text.Json;
using System.Text.Json.Serialization;
using RenderFarm.Diffusion.Checkpoints.Recognition;
using RenderFarm.Diffusion.Models;
using RenderFarm.Diffusion.Models.Reading;

namespace RenderFarm.Diffusion.Checkpoints;

/// <summary>What a model folder says that only stands for a checkpoint elsewhere: what it predicts, where its weights lie, and their hashes, which are computed once.</summary>
internal sealed record CheckpointLink : HashedFile
{
    private const string Class = "SingleFileCheckpoint";
    private const string IndexFile = "model_index.json";

    private static readonly JsonSerializerOptions Json = new() { WriteIndented = true, UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow, RespectNullableAnnotations = true };

    [JsonPropertyName("_class_name")]
    public string ClassName { get; init; } = Class;

    [JsonPropertyName("prediction_type")]
    public required string Prediction { get; init; }

    /// <summary>The autoencoder that is used instead of the checkpoint's own; null for its own. Relative paths of both start at the folder.</summary>
    [JsonPropertyName("vae")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public HashedFile? Vae { get; init; }

    public static CheckpointLink Of(HashedFile weights, string prediction, HashedFile? vae = null) => new()
    {
        File = weights.File,
        Prediction = prediction,
        Sha256 = weights.Sha256,
        Bytes = weights.Bytes,
        Modified = weights.Modified,
        Inode = weights.Inode,
        Vae = vae,
    };

    /// <summary>Equal for equal files that are used alike, wherever they lie. What the UNet predicts counts as well: the file alone need not say it.</summary>
    public string Digest() => Digest(Sha256, Prediction, Vae?.Sha256);

    /// <summary>The same, of the files' hashes.</summary>
    public static string Digest(string weights, string prediction, string? vae)
    {
        var hashes = new Dictionary<string, string>(StringComparer.Ordinal) { ["weights"] = weights, ["prediction"] = prediction };
        if (vae is not null)
        {
            hashes["vae"] = vae;
        }

        return ModelDigest.Of(hashes);
    }

    /// <summary>The link in a folder; null where the folder is of another kind.</summary>
    /// <exception cref="ModelFolderException">It is a link, but not as it should be.</exception>
    public static CheckpointLink? Find(string folder)
    {
        var index = Path.Combine(folder, IndexFile);
        try
        {
            var text = System.IO.File.Exists(index) ? System.IO.File.ReadAllText(index) : "";
            if (!text.Contains(Class, StringComparison.Ordinal))
            {
                return null;
            }

            var link = JsonSerializer.Deserialize<CheckpointLink>(text, Json);
            return link is { ClassName: Class, Prediction: PredictionSigns.Epsilon or PredictionSigns.V }
                ? link with { File = PathOf(folder, link.File), Vae = link.Vae is { } vae ? vae with { File = PathOf(folder, vae.File) } : null }
                : throw new JsonException($"_class_name must be {Class}, prediction_type {PredictionSigns.Epsilon} or {PredictionSigns.V}.");
        }
        catch (Exception exception) when (exception is JsonException or IOException or UnauthorizedAccessException)
        {
            throw new ModelFolderException(folder, IndexFile, $"It does not say where a checkpoint lies: {exception.Message}", "Remove the folder and add the checkpoint again.", exception);
        }
    }

    /// <summary>Makes a folder that stands for the checkpoint, whole or not at all.</summary>
    public void Write(string folder)
    {
        var aside = UnfinishedModel.Of(folder);
        try
        {
            Directory.CreateDirectory(aside);
            WriteInto(aside);
            Directory.Move(aside, folder);
        }
        finally
        {
            if (Directory.Exists(aside))
            {
                Directory.Delete(aside, recursive: true);
            }
        }
    }

    /// <summary>Makes a folder that is there stand for the checkpoint. The answer is the file that says so.</summary>
    public string WriteInto(string folder)
    {
        var index = Path.Combine(folder, IndexFile);
        System.IO.File.WriteAllText(index, JsonSerializer.Serialize(this, Json));
        return index;
    }

    private static string PathOf(string folder, string file) => Path.GetFullPath(file, Path.GetFullPath(folder));
}
