using System.Text.Json;
using System.Text.Json.Serialization;

namespace RenderFarm.Shared;

/// <summary>The one way the farm writes and reads JSON: camel case, enums as camel-case strings, no comments, numbers only as numbers.</summary>
public static class FarmJson
{
    /// <summary>Options for API bodies, stored settings and picture metadata.</summary>
    public static JsonSerializerOptions Options { get; } = Apply(new JsonSerializerOptions(JsonSerializerDefaults.Web));

    /// <summary>Sets the farm's conventions on options that another library owns.</summary>
    public static JsonSerializerOptions Apply(JsonSerializerOptions options)
    {
        options.NumberHandling = JsonNumberHandling.Strict;
        options.MaxDepth = 32;
        options.Converters.Add(new JsonStringEnumConverter(JsonNamingPolicy.CamelCase, allowIntegerValues: false));
        return options;
    }
}
