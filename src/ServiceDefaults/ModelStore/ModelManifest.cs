using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.RegularExpressions;
using RenderFarm.Shared;

namespace RenderFarm.ServiceDefaults.ModelStore;

/// <summary>A model as the store keeps it: what it is, and which objects its files are.</summary>
public sealed partial record ModelManifest
{
    private const int MaxFiles = 10_000;

    // More than any model in use has. Whoever fetches one keeps count of its parts.
    private const long MaxBytes = 1L << 40;

    // A manifest of a newer program may say more; what is misspelt is missing, and required.
    private static readonly JsonSerializerOptions Json = new(FarmJson.Options) { WriteIndented = true, RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true };

    /// <summary>Name, as jobs ask for it.</summary>
    public required string Name { get; init; }

    /// <summary>The model's digest.</summary>
    public required string Digest { get; init; }

    /// <summary>For example <c>sd1</c>.</summary>
    public required string Family { get; init; }

    /// <summary>Pixels.</summary>
    public required int DefaultWidth { get; init; }

    /// <summary>Pixels.</summary>
    public required int DefaultHeight { get; init; }

    /// <summary>Pixels: width and height are multiples of it.</summary>
    public required int SizeMultiple { get; init; }

    /// <summary>Memory that its weights take.</summary>
    public required long WeightBytes { get; init; }

    /// <summary>What the UNet of a checkpoint predicts; null where the model is a folder, which says it itself.</summary>
    public string? Prediction { get; init; }

    /// <summary>Its files.</summary>
    public required IReadOnlyList<StoredFile> Files { get; init; }

    /// <summary>Size of all files.</summary>
    [JsonIgnore]
    public long Bytes => Files.Sum(file => file.Bytes);

    /// <summary>The digests of its files by path.</summary>
    public IReadOnlyDictionary<string, string> Hashes() => Files.ToDictionary(file => file.Path, file => file.Sha256, StringComparer.Ordinal);

    /// <summary>Reads what <see cref="Write"/> wrote, and perhaps others; throws <see cref="ModelManifestException"/> when it is none.</summary>
    public static ModelManifest Read(ReadOnlySpan<byte> json)
    {
        try
        {
            var manifest = JsonSerializer.Deserialize<ModelManifest>(json, Json) ?? throw new ModelManifestException("It is null.");
            return manifest.Problem() is { } problem ? throw new ModelManifestException(problem) : manifest;
        }
        catch (JsonException exception)
        {
            throw new ModelManifestException(exception.Message, exception);
        }
    }

    /// <summary>The manifest as JSON.</summary>
    public byte[] Write() => JsonSerializer.SerializeToUtf8Bytes(this, Json);

    private string? Problem() => this switch
    {
        { Name.Length: 0 or > 200 } => "'name' must have 1 to 200 characters.",
        _ when !IsSha256(Digest) => "'digest' must be 64 lower-case hexadecimal digits.",
        { Family.Length: 0 } => "'family' must not be empty.",
        _ when DefaultWidth <= 0 || DefaultHeight <= 0 || SizeMultiple <= 0 || WeightBytes < 0 => "'defaultWidth', 'defaultHeight' and 'sizeMultiple' must be above 0, 'weightBytes' not below.",
        { Prediction: not (null or "epsilon" or "v_prediction") } => $"'prediction' is '{Prediction}'; it must be epsilon or v_prediction, or left out where the model is a folder.",
        { Files.Count: 0 or > MaxFiles } => $"'files' must have 1 to {MaxFiles} entries.",
        _ => Files.Select(Problem).FirstOrDefault(problem => problem is not null)
            ?? (Files.DistinctBy(file => file.Path, StringComparer.OrdinalIgnoreCase).Count() < Files.Count ? "'files' names a path twice." : null)
            ?? (Bytes > MaxBytes ? $"'bytes' of all 'files' together are {Bytes}; {MaxBytes} are allowed." : null),
    };

    private static string? Problem(StoredFile? file) => file switch
    {
        null => "An entry of 'files' is null.",
        _ when !IsPlain(file.Path) => $"'files' has the path '{file.Path}', which is not a relative one of plain names joined by '/'.",
        _ when !IsSha256(file.Sha256) => $"'sha256' of {file.Path} must be 64 lower-case hexadecimal digits.",
        { Bytes: < 0 or > MaxBytes } => $"'bytes' of {file.Path} is {file.Bytes}; it must be from 0 to {MaxBytes}.",
        _ => null,
    };

    /// <summary>Whether a path stays in the folder that it is put into, on every system.</summary>
    private static bool IsPlain(string path) =>
        path.Length is > 0 and <= 500 && path.Split('/').All(name => name.Length > 0 && name[0] != '.' && name[^1] is not ('.' or ' ') && !name.Any(letter => char.IsControl(letter) || "\\:*?\"<>|".Contains(letter)));

    private static bool IsSha256(string text) => Sha256Pattern().IsMatch(text);

    [GeneratedRegex("^[0-9a-f]{64}\\z")]
    private static partial Regex Sha256Pattern();
}

/// <summary>A file of a model in the store.</summary>
/// <param name="Path">Where it lies in the model's folder.</param>
/// <param name="Sha256">Of the file, lower-case hexadecimal; the object's key follows from it.</param>
/// <param name="Bytes">Size of the file.</param>
public sealed record StoredFile(string Path, string Sha256, long Bytes);

/// <summary>What lies in the store in place of a manifest cannot be used.</summary>
public sealed class ModelManifestException(string message, Exception? inner = null) : Exception(message, inner);
