using System.Text.Json;
using System.Text.RegularExpressions;

namespace RenderFarm.TestKit.Goldens;

/// <summary>
/// A folder of answers of the reference libraries: tests/goldens, or the one that RENDERFARM_GOLDENS names.
/// Models are looked for in its models/NAME, then in the default folder's; "emoji" is the repository's own model.
/// </summary>
public static partial class GoldenFolder
{
    private const string Variable = "RENDERFARM_GOLDENS";

    /// <summary>The root of the repository that the tests were built in.</summary>
    public static string Repository { get; } = Farms.Repository.Root;

    public static string Default { get; } = Path.Combine(Repository, "tests", "goldens");

    public static string Current { get; } = Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } folder ? Path.GetFullPath(folder) : Default;

    public static string EmojiModel { get; } = Path.Combine(Repository, "models", "emoji");

    /// <summary>The cases of a file; none where this folder has no such file.</summary>
    public static IReadOnlyList<JsonElement> Cases(string file)
    {
        var path = Path.Combine(Current, file);
        if (!File.Exists(path))
        {
            return [];
        }

        // Python writes -Infinity, which JSON does not have.
        using var document = JsonDocument.Parse(PythonNumber().Replace(File.ReadAllText(path), "$1null"));
        // The scores have a row for each picture instead.
        var cases = document.RootElement.TryGetProperty("cases", out var named) ? named : document.RootElement.GetProperty("cosine");
        return [.. cases.EnumerateArray().Select(element => element.Clone())];
    }

    /// <summary>A file of this folder, such as images/NAME.npy.</summary>
    public static string PathOf(params ReadOnlySpan<string> parts) => Path.Combine([Current, .. parts]);

    public static string Model(string name) => name == "emoji" ? EmojiModel : Find("models", name);

    public static string Tokenizer(string name) => name == "emoji" ? Path.Combine(EmojiModel, "tokenizer") : Find("tokenizers", name);

    /// <summary>The folder of the LoRAs.</summary>
    public static string Loras => Directory.Exists(PathOf("loras")) ? PathOf("loras") : Path.Combine(Default, "loras");

    /// <summary>Whether the model of a case is here.</summary>
    public static bool HasModel(string name) => name == "emoji" || TryFind("models", name) is not null;

    private static string? TryFind(string kind, string name) =>
        new[] { Path.Combine(Current, kind, name), Path.Combine(Default, kind, name) }.FirstOrDefault(Directory.Exists);

    private static string Find(string kind, string name) =>
        TryFind(kind, name) ?? throw new DirectoryNotFoundException($"{kind}/{name} is neither in {Current} nor in {Default}.");

    [GeneratedRegex(@"([:\[,]\s*)(?:-?Infinity|NaN)\b")]
    private static partial Regex PythonNumber();
}
