using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.ML.OnnxRuntime;
using RenderFarm.TestKit.Farms;

namespace RenderFarm.Benchmarks;

/// <summary>Two things measured by turns, and how the first compares with the second.</summary>
internal sealed record Report(
    string Title, string Summary, IReadOnlyList<(string Name, string Value)> Settings, string First, string Second, IReadOnlyList<Pair> Pairs, Goal Goal)
{
    /// <summary>Measures both the given number of times; each goes first in every other pair, so that a machine that slows down favours neither.</summary>
    public static async Task<IReadOnlyList<Pair>> ByTurnsAsync(int pairs, Func<Task<double>> first, Func<Task<double>> second)
    {
        var measured = new List<Pair>();
        for (var i = 0; i < pairs; i++)
        {
            var before = i % 2 == 0 ? await first() : 0;
            var other = await second();
            measured.Add(new Pair(i % 2 == 0 ? before : await first(), other));
            Console.WriteLine($"{i + 1}/{pairs}: {measured[^1].First:F2} {measured[^1].Second:F2}, ratio {measured[^1].Ratio:F3}");
        }

        return measured;
    }

    /// <summary>What the numbers depend on besides the settings.</summary>
    public static async Task<IReadOnlyList<(string Name, string Value)>> FactsAsync(CancellationToken cancellationToken) =>
    [
        ("Date", $"{TimeProvider.System.GetUtcNow():yyyy-MM-dd}"),
        ("CPU", $"{await CpuAsync(cancellationToken)}, {Environment.ProcessorCount} cores"),
        (".NET", Environment.Version.ToString()),
    ];

    /// <summary>What the numbers of a farm depend on besides the settings.</summary>
    public static async Task<IReadOnlyList<(string Name, string Value)>> FactsAsync(TestFarm farm, CancellationToken cancellationToken) =>
    [
        .. await FactsAsync(cancellationToken),
        ("ONNX Runtime", OrtEnv.Instance().GetVersionString()),
        ("Farm", farm is ServerTestFarm servers
            ? $"one coordinator and one worker on {await servers.VersionsAsync(cancellationToken)} and S3"
            : "embedded: one process with SQLite, a bus in memory and a folder"),
    ];

    /// <summary>The result as markdown.</summary>
    public string Write(IReadOnlyList<(string Name, string Value)> facts)
    {
        var text = new StringBuilder().Append($"# {Title}\n\n{Summary}\n\n| Measured with | |\n| --- | --- |\n");
        foreach (var (name, value) in facts.Concat(Settings))
        {
            text.Append($"| {name} | {value} |\n");
        }

        text.Append($"\n| Pair | {First} | {Second} | Ratio |\n| --- | ---: | ---: | ---: |\n");
        foreach (var (number, pair) in Pairs.Index())
        {
            text.Append(CultureInfo.InvariantCulture, $"| {number + 1} | {pair.First:F2} | {pair.Second:F2} | {pair.Ratio:F3} |\n");
        }

        double[] ratios = [.. Pairs.Select(x => x.Ratio).Order()];
        var median = Median(ratios);
        return text
            .Append(CultureInfo.InvariantCulture, $"| Median | {Median(Pairs.Select(x => x.First)):F2} | {Median(Pairs.Select(x => x.Second)):F2} | {median:F3} |\n\n")
            .Append(CultureInfo.InvariantCulture, $"Median ratio {median:F3}, from {ratios[0]:F3} to {ratios[^1]:F3}. Goal: {Goal}; {(Goal.IsMetBy(median) ? "met" : "missed")}.\n")
            .ToString();
    }

    /// <summary>The middle of the values, or between the two that are.</summary>
    public static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }

    private static async Task<string> CpuAsync(CancellationToken cancellationToken)
    {
        var lines = await File.ReadAllLinesAsync("/proc/cpuinfo", cancellationToken);
        return lines.FirstOrDefault(x => x.StartsWith("model name", StringComparison.Ordinal))?.Split(':', 2)[1].Trim() ?? $"{RuntimeInformation.ProcessArchitecture}";
    }
}

/// <summary>One turn of both.</summary>
internal sealed record Pair(double First, double Second)
{
    public double Ratio => First / Second;
}

/// <summary>What the median ratio is meant to be.</summary>
internal sealed record Goal(bool IsAtLeast, double Ratio)
{
    public bool IsMetBy(double ratio) => IsAtLeast ? ratio >= Ratio : ratio <= Ratio;

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{(IsAtLeast ? "at least" : "at most")} {Ratio:0.00}");
}
