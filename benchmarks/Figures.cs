using System.Globalization;
using System.Text;

namespace RenderFarm.Benchmarks;

/// <summary>Figures that have a goal each, and what peers need for the same.</summary>
internal sealed record Figures(string Title, string Summary, IReadOnlyList<(string Name, string Value)> Settings, IReadOnlyList<string> Columns, IReadOnlyList<Figure> Rows)
{
    /// <summary>The result as markdown.</summary>
    public string Write(IReadOnlyList<(string Name, string Value)> facts)
    {
        var text = new StringBuilder().Append($"# {Title}\n\n{Summary}\n\n| Measured with | |\n| --- | --- |\n");
        foreach (var (name, value) in facts.Concat(Settings))
        {
            text.Append($"| {name} | {value} |\n");
        }

        text.Append($"\n| | Farm | Goal | |{string.Concat(Columns.Select(x => $" {x} |"))}\n| --- | ---: | ---: | --- |{string.Concat(Columns.Select(_ => " ---: |"))}\n");
        foreach (var row in Rows)
        {
            var verdict = row.Goal is null ? "" : row.Goal.IsMetBy(row.Value) ? "met" : "missed";
            text.Append($"| {row.Name} | {Number(row.Value)} | {row.Goal?.ToString() ?? ""} | {verdict} |{string.Concat(row.Peers.Select(x => $" {(x is { } peer ? Number(peer) : "")} |"))}\n");
        }

        return text.ToString();
    }

    private static string Number(double value) => Math.Abs(value) switch
    {
        >= 100 => value.ToString("N0", CultureInfo.InvariantCulture),
        >= 10 => value.ToString("F1", CultureInfo.InvariantCulture),
        _ => value.ToString("F3", CultureInfo.InvariantCulture),
    };
}

/// <summary>One figure.</summary>
/// <param name="Name">What it is, with its unit.</param>
/// <param name="Value">The farm's.</param>
/// <param name="Goal">What it is meant to be; null for one that only explains the others.</param>
/// <param name="Peers">The same of the peers, in the order of the columns; null where a peer has no such thing.</param>
internal sealed record Figure(string Name, double Value, Goal? Goal, params IReadOnlyList<double?> Peers);
