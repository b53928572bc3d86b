using System.Text.Json;
using System.Text.RegularExpressions;

namespace RenderFarm.Diffusion.Models;

/// <summary>A config file of a model folder; a value of the wrong kind is noted as a problem and read as the default.</summary>
internal sealed partial class ModelJson
{
    private readonly JsonElement _root;
    private readonly string _file;
    private readonly ProblemList _problems;

    private ModelJson(JsonElement root, string file, ProblemList problems)
    {
        _root = root;
        _file = file;
        _problems = problems;
    }

    /// <summary>Reads the file, or notes why it cannot be read and returns null.</summary>
    public static ModelJson? Read(string file, ProblemList problems)
    {
        var path = problems.PathOf(file);
        if (!File.Exists(path))
        {
            problems.Add(file, "The file is missing.", "Export the model again, or copy the whole folder.");
            return null;
        }

        try
        {
            return Parse(File.ReadAllText(path), file, problems);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            problems.Add(file, $"It cannot be read: {exception.Message}", "Make the file readable.");
            return null;
        }
    }

    public static ModelJson? Parse(string text, string file, ProblemList problems)
    {
        try
        {
            // Python writes -Infinity and NaN where JSON knows no such number.
            using var document = JsonDocument.Parse(PythonNumber().Replace(text, "$1null"));
            var root = document.RootElement.Clone();
            if (root.ValueKind == JsonValueKind.Object)
            {
                return new ModelJson(root, file, problems);
            }

            problems.Add(file, $"A JSON object is needed, {root.ValueKind} was found.", "Restore the file from the model's source.");
        }
        catch (JsonException exception)
        {
            problems.Add(file, $"It is not JSON: {exception.Message}", "Restore the file from the model's source.");
        }

        return null;
    }

    public IEnumerable<JsonProperty> Properties => _root.EnumerateObject();

    public JsonElement? Find(string name) =>
        _root.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;

    public int Integer(string name, int fallback) => Find(name) switch
    {
        null => fallback,
        { ValueKind: JsonValueKind.Number } value when value.TryGetInt32(out var number) => number,
        { } value => Wrong(name, value, "a whole number", fallback),
    };

    public int PositiveInteger(string name)
    {
        var number = Integer(name, 0);
        return number > 0 ? number : Wrong(name, Find(name), "a positive whole number", 1);
    }

    public double Number(string name, double fallback) => Find(name) switch
    {
        null => fallback,
        { ValueKind: JsonValueKind.Number } value => value.GetDouble(),
        { } value => Wrong(name, value, "a number", fallback),
    };

    public bool? Flag(string name) => Find(name) switch
    {
        null => null,
        { ValueKind: JsonValueKind.True } => true,
        { ValueKind: JsonValueKind.False } => false,
        { } value => Wrong<bool?>(name, value, "true or false", null),
    };

    public string? Text(string name) => Find(name) switch
    {
        null => null,
        { ValueKind: JsonValueKind.String } value => value.GetString(),
        { } value => Wrong<string?>(name, value, "a text", null),
    };

    public int ArrayLength(string name) => Find(name) switch
    {
        { ValueKind: JsonValueKind.Array } value when value.GetArrayLength() > 0 => value.GetArrayLength(),
        var value => Wrong(name, value, "a list", 1),
    };

    /// <summary>A list of positive whole numbers.</summary>
    public IReadOnlyList<int> Integers(string name)
    {
        var numbers = Find(name) is { ValueKind: JsonValueKind.Array } list
            ? list.EnumerateArray().Select(value => value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var number) ? number : 0).ToArray()
            : [];
        return numbers.Length > 0 && numbers.All(number => number > 0) ? numbers : Wrong<IReadOnlyList<int>>(name, Find(name), "a list of positive whole numbers", [1]);
    }

    /// <summary>One of the allowed words; null where the file has another, which is noted.</summary>
    public string? OneOf(string name, string? fallback, params ReadOnlySpan<string> allowed)
    {
        var value = Text(name) ?? fallback;
        if (value is null || allowed.Contains(value))
        {
            return value;
        }

        return Wrong(name, Find(name), string.Join(" or ", allowed.ToArray().Select(word => $"\"{word}\"")), fallback);
    }

    /// <summary>Notes a value that is not there, where reading it gave null for that reason and no other.</summary>
    public void Require(string name)
    {
        if (Find(name) is null)
        {
            Wrong(name, null, "a value", 0);
        }
    }

    public void Refuse(string name, string given, string fix) =>
        _problems.Add(_file, $"{name} is {given}, which is not supported.", fix);

    private T Wrong<T>(string name, JsonElement? value, string allowed, T fallback)
    {
        var given = value is { } element ? element.GetRawText() : "missing";
        _problems.Add(_file, $"{name} is {(given.Length <= 80 ? given : given[..80])}; {allowed} is needed.", "Restore the file from the model's source.");
        return fallback;
    }

    [GeneratedRegex(@"([:\[,]\s*)(?:-?Infinity|NaN)\b")]
    private static partial Regex PythonNumber();
}
