using System.Collections.Immutable;
using System.ComponentModel.DataAnnotations;
using System.Reflection;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Configuration;
using RenderFarm.Coordinator.Access;
using RenderFarm.Coordinator.Database;
using RenderFarm.Coordinator.Upkeep;
using RenderFarm.ServiceDefaults.Artifacts;
using RenderFarm.ServiceDefaults.Bus;
using RenderFarm.Worker;

namespace RenderFarm.Deploy.Tests.Settings;

/// <summary>The settings that the programs read, taken from the classes that read them.</summary>
internal static partial class SettingKeys
{
    private static readonly ImmutableDictionary<string, Type> Sections = new Dictionary<string, Type>
    {
        ["Database"] = typeof(DatabaseOptions),
        ["Bus"] = typeof(BusOptions),
        ["Artifacts"] = typeof(ArtifactsOptions),
        ["Access"] = typeof(AccessOptions),
        ["Worker"] = typeof(WorkerOptions),
        ["Upkeep"] = typeof(UpkeepOptions),
    }.ToImmutableDictionary();

    public static ImmutableHashSet<string> Known { get; } =
        [.. Sections.SelectMany(section => Of(section.Value, $"RENDERFARM__{section.Key}")), "RENDERFARM__Coordinator__Urls", "RENDERFARM__Coordinator__History"];

    /// <summary>Every setting that a text names.</summary>
    public static ImmutableSortedSet<string> In(string text) => [.. Pattern().Matches(text).Select(match => match.Value)];

    /// <summary>What a program started with these variables would find wrong in the sections that it reads.</summary>
    public static IReadOnlyList<string> Problems(IReadOnlyDictionary<string, string> variables, params string[] sections)
    {
        var configuration = new ConfigurationBuilder()
            .AddInMemoryCollection(variables.Where(variable => variable.Key.StartsWith("RENDERFARM__", StringComparison.Ordinal))
                .ToDictionary(variable => variable.Key["RENDERFARM__".Length..].Replace("__", ":", StringComparison.Ordinal), string? (variable) => variable.Value))
            .Build();
        var problems = new List<ValidationResult>();
        foreach (var section in sections)
        {
            var options = configuration.GetSection(section).Get(Sections[section]) ?? throw new InvalidOperationException($"Nothing is set in {section}.");
            Validator.TryValidateObject(options, new ValidationContext(options), problems, validateAllProperties: true);
        }

        return [.. problems.Select(problem => problem.ErrorMessage ?? "")];
    }

    private static IEnumerable<string> Of(Type options, string prefix) =>
        options.GetProperties(BindingFlags.Public | BindingFlags.Instance).SelectMany(property =>
            property.PropertyType.IsClass && property.PropertyType.Namespace == options.Namespace
                ? Of(property.PropertyType, $"{prefix}__{property.Name}")
                : [$"{prefix}__{property.Name}"]);

    [GeneratedRegex("RENDERFARM__[A-Za-z0-9_]+")]
    private static partial Regex Pattern();
}
