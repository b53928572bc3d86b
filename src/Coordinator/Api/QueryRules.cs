using Microsoft.AspNetCore.Http.HttpResults;
using RenderFarm.Coordinator.Jobs;

namespace RenderFarm.Coordinator.Api;

/// <summary>Reads query strings strictly: a misspelt filter would otherwise answer with everything.</summary>
internal sealed class QueryRules
{
    private readonly FieldErrors _errors = new();

    public QueryRules(IQueryCollection query, params ReadOnlySpan<string> allowed)
    {
        foreach (var name in query.Keys)
        {
            if (!allowed.Contains(name))
            {
                _errors.Add(name, $"Unknown parameter; allowed: {string.Join(", ", allowed.ToArray())}.");
            }
        }
    }

    /// <summary>What is wrong; null when nothing is.</summary>
    public ProblemHttpResult? Problem => _errors.IsEmpty ? null : Problems.Invalid(_errors);

    public int Limit(int? given, int usual, int most)
    {
        if (given < 1 || given > most)
        {
            _errors.Add("limit", $"Must be from 1 to {most}; got {given}.");
        }

        return given ?? usual;
    }

    public T? One<T>(string name, string? given)
        where T : struct, Enum
    {
        if (given is null)
        {
            return null;
        }

        if (!Enum.GetNames<T>().Contains(given, StringComparer.OrdinalIgnoreCase))
        {
            _errors.Add(name, $"Unknown: '{given}'; allowed: {string.Join(", ", Enum.GetNames<T>().Select(System.Text.Json.JsonNamingPolicy.CamelCase.ConvertName))}.");
            return null;
        }

        return Enum.Parse<T>(given, ignoreCase: true);
    }

    public IReadOnlyList<T> Any<T>(string name, IReadOnlyList<string>? given)
        where T : struct, Enum => [.. (given ?? []).Select(each => One<T>(name, each)).OfType<T>()];

    public Guid? Id(string name, string? given)
    {
        if (given is null)
        {
            return null;
        }

        if (!Guid.TryParse(given, out var id))
        {
            _errors.Add(name, $"Must be the cursor of the page before; got '{given}'.");
        }

        return id;
    }

    public long? Index(string name, string? given)
    {
        if (given is null)
        {
            return null;
        }

        if (!long.TryParse(given, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out var index) || index == long.MaxValue)
        {
            _errors.Add(name, $"Must be the cursor of the page before; got '{given}'.");
        }

        return index;
    }
}
