using System.Globalization;
using System.Text;

namespace RenderFarm.Soak;

/// <summary>What a run has shown.</summary>
internal sealed record SoakResult(
    int Seed, SoakSize Size, TimeSpan Length, double Baseline, long Images, JobStream Stream, IReadOnlyDictionary<string, int> Faults, IReadOnlyList<TimeSpan?> Recoveries,
    IReadOnlyList<string> Fallen, Verdict Verdict, string Versions)
{
    private const int Shown = 20;

    public bool Holds => Verdict.Violations.Count == 0 && Fallen.Count == 0;

    /// <summary>The result as markdown.</summary>
    public string Write()
    {
        var text = new StringBuilder("# Soak\n\nRandom faults over a running farm of simulated workers, many at a time. After each storm everything is healed and the farm has to get as fast as before. ")
            .Append("At the end every image that was acknowledged must be there once, with an object of its checksum. Made by `./eng/soak`.\n\n| Measured with | |\n| --- | --- |\n");
        Line(text, "Date", $"{TimeProvider.System.GetUtcNow():yyyy-MM-dd}");
        Line(text, "Machine", $"{Machine.Cpu()}, {Environment.ProcessorCount} cores; .NET {Environment.Version}");
        Line(text, "Servers", Versions);
        Line(text, "Farm", $"{Size.Coordinators} coordinators, {Size.Workers} simulated workers in {Size.Processes} processes, {Size.FrameTime.TotalMilliseconds:0} ms an image, and {Size.RealWorkers} that renders");
        Line(text, "Time of faults", $"{Length.TotalMinutes:0.#} min");
        Line(text, "Seed", $"{Seed}");
        text.Append("\n| Result | |\n| --- | ---: |\n");
        Line(text, "Images", $"{Images}");
        Line(text, "Jobs acknowledged, cancelled, paused", $"{Stream.Jobs.Count}, {Stream.Cancels}, {Stream.Pauses}");
        Line(text, "Submits without an answer", $"{Stream.Unanswered}");
        Line(text, "Faults", $"{Faults.Values.Sum()}");
        Line(text, "Lost", $"{Verdict.Lost}");
        Line(text, "Doubled", $"{Verdict.Doubled}");
        Line(text, "Strikes", $"{Verdict.Strikes}");
        Line(text, "Objects verified, and of no frame", $"{Verdict.Objects}, {Verdict.Unreferenced}");
        Line(text, "Processes that ended by themselves", $"{Fallen.Count}");
        Line(text, "Images a second without faults", string.Create(CultureInfo.InvariantCulture, $"{Baseline:F1}"));
        Line(text, "From heal to 95 % of that, p50, p99, longest", $"{At(0.5)}, {At(0.99)}, {At(1)} ({Recoveries.Count} storms)");
        text.Append("\n| Fault | Times |\n| --- | ---: |\n");
        foreach (var (kind, times) in Faults.OrderBy(fault => fault.Key, StringComparer.Ordinal))
        {
            Line(text, kind, $"{times}");
        }

        text.Append(Holds ? "\nNothing was lost and nothing doubled.\n" : "\nWhat must not be:\n\n");
        foreach (var violation in Verdict.Violations.Concat(Fallen).Take(Shown))
        {
            text.Append("- ").Append(violation.ReplaceLineEndings(" ")).Append('\n');
        }

        return text.ToString();
    }

    private static void Line(StringBuilder text, string name, string value) => text.Append($"| {name} | {value} |\n");

    private string At(double share)
    {
        var sorted = Recoveries.Order(Comparer<TimeSpan?>.Create((a, b) => (a ?? TimeSpan.MaxValue).CompareTo(b ?? TimeSpan.MaxValue))).ToList();
        return sorted.Count == 0
            ? "none"
            : sorted[(int)Math.Ceiling(share * sorted.Count) - 1] is { } time ? string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:F1} s") : $"more than {SoakRun.RecoveryPatience.TotalSeconds:0} s";
    }
}
