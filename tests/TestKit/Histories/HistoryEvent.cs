using System.Text.Json;
using RenderFarm.Shared;

namespace RenderFarm.TestKit.Histories;

/// <summary>A line of the log that coordinators write when <c>Coordinator:History</c> names a file.</summary>
/// <param name="Event">submit, offer, accept, commit, fail, quarantine, end, answer or over.</param>
/// <param name="Job">Job.</param>
/// <param name="Version">The job's version, in whose order its events happened; null where the job did not change.</param>
public sealed record HistoryEvent(string Event, Guid Job, long? Version = null)
{
    public Guid? Attempt { get; init; }

    public long? Fence { get; init; }

    public long? First { get; init; }

    /// <summary>Frames of the job, or of the offer.</summary>
    public long? Count { get; init; }

    public string? Worker { get; init; }

    public long? Epoch { get; init; }

    public bool? IsHeld { get; init; }

    public IReadOnlyList<long> Frames { get; init; } = [];

    public IReadOnlyList<long> Refused { get; init; } = [];

    public AttemptOutcome? Outcome { get; init; }

    public JobState? State { get; init; }

    /// <summary>Reads a log, from the coordinators of a farm together. The half line of a process that was killed while it wrote is left out.</summary>
    public static IReadOnlyList<HistoryEvent> Read(IEnumerable<string> files) => [.. files.Where(File.Exists).SelectMany(ReadFile)];

    private static IEnumerable<HistoryEvent> ReadFile(string file)
    {
        using var reader = new StreamReader(new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
        var text = reader.ReadToEnd();
        foreach (var line in text.Split('\n')[..^1].Where(x => x.Length > 0))
        {
            yield return JsonSerializer.Deserialize<HistoryEvent>(line, FarmJson.Options) ?? throw new InvalidDataException($"{file} has the line '{line}'.");
        }
    }
}
