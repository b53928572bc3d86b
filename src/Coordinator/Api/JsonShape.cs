using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using RenderFarm.Coordinator.Jobs;
using RenderFarm.Shared;

namespace RenderFarm.Coordinator.Api;

/// <summary>Checks a JSON body against the record it shall become, so that every unknown member and wrong type is named by its path, not only the first.</summary>
internal static class JsonShape
{
    private static readonly JsonSerializerOptions Options = Frozen();

    /// <summary>Adds an error for each value that cannot be read as <paramref name="type"/>.</summary>
    public static void Check(JsonElement element, Type type, string path, FieldErrors errors)
    {
        if (errors.IsFull)
        {
            return;
        }

        var info = Options.GetTypeInfo(Nullable.GetUnderlyingType(type) ?? type);
        switch (info.Kind)
        {
            case JsonTypeInfoKind.Object:
                CheckObject(element, info, path, errors);
                break;
            case JsonTypeInfoKind.Enumerable:
                CheckArray(element, info, path, errors);
                break;
            case JsonTypeInfoKind.Dictionary:
                CheckDictionary(element, info, path, errors);
                break;
            default:
                if (Complaint(element, info.Type) is { } complaint)
                {
                    errors.Add(path, complaint);
                }

                break;
        }
    }

    /// <summary>The JSON text of a value, short enough for a message.</summary>
    public static string Shown(JsonElement element)
    {
        var raw = element.ValueKind switch
        {
            JsonValueKind.Object => "an object",
            JsonValueKind.Array => "a list",
            _ => element.GetRawText(),
        };
        return raw.Length <= 60 ? raw : string.Concat(raw.AsSpan(0, 57), "...");
    }

    private static void CheckObject(JsonElement element, JsonTypeInfo info, string path, FieldErrors errors)
    {
        if (element.ValueKind != JsonValueKind.Object)
        {
            errors.Add(Root(path), $"Must be an object; got {Shown(element)}.");
            return;
        }

        var seen = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        foreach (var member in element.EnumerateObject())
        {
            var memberPath = path.Length == 0 ? member.Name : $"{path}.{member.Name}";
            var property = info.Properties.FirstOrDefault(property => property.Name.Equals(member.Name, StringComparison.OrdinalIgnoreCase));
            if (property is null)
            {
                errors.Add(memberPath, $"Unknown field '{member.Name}'; allowed: {string.Join(", ", info.Properties.Select(known => known.Name))}.");
            }
            else if (!seen.Add(member.Name))
            {
                errors.Add(memberPath, "Given twice.");
            }
            else if (member.Value.ValueKind != JsonValueKind.Null)
            {
                Check(member.Value, property.PropertyType, memberPath, errors);
            }
            else if (!property.IsSetNullable)
            {
                errors.Add(memberPath, "Must not be null; leave the field out to take its default.");
            }
        }

        foreach (var missing in info.Properties.Where(property => property.IsRequired && !seen.Contains(property.Name)))
        {
            errors.Add(path.Length == 0 ? missing.Name : $"{path}.{missing.Name}", "Required.");
        }
    }

    private static void CheckArray(JsonElement element, JsonTypeInfo info, string path, FieldErrors errors)
    {
        if (element.ValueKind != JsonValueKind.Array)
        {
            errors.Add(Root(path), $"Must be a list; got {Shown(element)}.");
            return;
        }

        var index = 0;
        var holdsObjects = Options.GetTypeInfo(info.ElementType!).Kind == JsonTypeInfoKind.Object;
        foreach (var item in element.EnumerateArray())
        {
            if (holdsObjects)
            {
                Check(item, info.ElementType!, $"{path}[{index}]", errors);
            }
            else if (Complaint(item, info.ElementType!) is { } complaint)
            {
                errors.Add($"{path}[{index}]", complaint);
            }

            index++;
        }
    }

    private static void CheckDictionary(JsonElement element, JsonTypeInfo info, string path, FieldErrors errors)
    {
        if (element.ValueKind != JsonValueKind.Object)
        {
            errors.Add(Root(path), $"Must be an object; got {Shown(element)}.");
            return;
        }

        foreach (var member in element.EnumerateObject())
        {
            if (Complaint(member.Value, info.ElementType!) is { } complaint)
            {
                errors.Add($"{path}.{member.Name}", complaint);
            }
        }
    }

    private static string? Complaint(JsonElement element, Type type)
    {
        var (isRight, wanted) = type switch
        {
            _ when type == typeof(string) => (element.ValueKind == JsonValueKind.String, "a text"),
            _ when type == typeof(bool) => (element.ValueKind is JsonValueKind.True or JsonValueKind.False, "true or false"),
            _ when type == typeof(int) => (element.ValueKind == JsonValueKind.Number && element.TryGetInt32(out _), "a whole number"),
            _ when type == typeof(long) => (element.ValueKind == JsonValueKind.Number && element.TryGetInt64(out _), "a whole number"),
            _ when type == typeof(double) => (element.ValueKind == JsonValueKind.Number, "a number"),
            _ when type == typeof(TimeSpan) => (IsTime(element), "a time such as \"7.00:00:00\" (days.hours:minutes:seconds)"),
            _ when type.IsEnum => (IsName(element, type), $"one of {string.Join(", ", EnumNames(type))}"),
            _ => throw new NotSupportedException($"A request record holds a {type}, which has no check."),
        };
        return isRight ? IllFormed(element) : $"Must be {wanted}; got {Shown(element)}.";
    }

    /// <summary>Half of a surrogate pair is valid JSON but no text, and PostgreSQL stores no NUL.</summary>
    private static string? IllFormed(JsonElement element)
    {
        if (element.ValueKind != JsonValueKind.String)
        {
            return null;
        }

        try
        {
            return element.GetString()!.Contains('\0') ? "Must not contain the character U+0000." : null;
        }
        catch (InvalidOperationException)
        {
            return "Must be well-formed Unicode; it holds half of a surrogate pair.";
        }
    }

    private static bool IsTime(JsonElement element) => element.ValueKind == JsonValueKind.String && TimeSpan.TryParseExact(element.GetString(), "c", CultureInfo.InvariantCulture, out _);

    private static bool IsName(JsonElement element, Type type) =>
        element.ValueKind == JsonValueKind.String && EnumNames(type).Contains(element.GetString(), StringComparer.OrdinalIgnoreCase);

    private static IEnumerable<string> EnumNames(Type type) => Enum.GetNames(type).Select(JsonNamingPolicy.CamelCase.ConvertName);

    private static string Root(string path) => path.Length == 0 ? RequestBody.Whole : path;

    private static JsonSerializerOptions Frozen()
    {
        FarmJson.Options.MakeReadOnly(populateMissingResolver: true);
        return FarmJson.Options;
    }
}
