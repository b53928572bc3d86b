using System.Text.Json;
using Microsoft.EntityFrameworkCore.ChangeTracking;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using Microsoft.EntityFrameworkCore.Storage.ValueConversion;
using RenderFarm.Shared;

namespace RenderFarm.Coordinator.Database;

/// <summary>Marks converters whose column holds JSON.</summary>
internal interface IJsonColumn;

/// <summary>Stores an immutable value as JSON.</summary>
internal sealed class JsonColumn<T>() : ValueConverter<T, string>(
    value => JsonSerializer.Serialize(value, FarmJson.Options),
    json => JsonSerializer.Deserialize<T>(json, FarmJson.Options)!), IJsonColumn
{
    /// <summary>Values are equal when their JSON is; they are never changed in place, so a snapshot is the value itself.</summary>
    public static ValueComparer<T> Comparer { get; } = new(
        (left, right) => JsonSerializer.Serialize(left, FarmJson.Options) == JsonSerializer.Serialize(right, FarmJson.Options),
        value => JsonSerializer.Serialize(value, FarmJson.Options).GetHashCode(StringComparison.Ordinal),
        value => value);
}

internal static class JsonColumnConfiguration
{
    public static PropertyBuilder<T> IsJson<T>(this PropertyBuilder<T> property) => property.HasConversion(new JsonColumn<T>(), JsonColumn<T>.Comparer);
}
