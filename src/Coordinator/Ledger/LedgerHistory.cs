using System.Text.Json;
using System.Text.Json.Serialization;
using RenderFarm.Coordinator.Jobs;
using RenderFarm.Shared;
using RenderFarm.Shared.Protocol;

namespace RenderFarm.Coordinator.Ledger;

/// <summary>
/// What the ledger did, one JSON line for each event, written when its transaction is committed: enough to check from outside that every frame
/// was committed exactly once. A process that is killed may miss the line of its last transaction. Events of a job are in the order of its version.
/// </summary>
internal sealed class LedgerHistory(string path) : IDisposable
{
    /// <summary>Names the file; empty writes none.</summary>
    public const string Setting = "Coordinator:History";

    private static readonly JsonSerializerOptions Json = new(FarmJson.Options) { DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull };

    private readonly Lock _lock = new();

    // Appending, so that a coordinator that starts again goes on in the same file.
    private readonly FileStream _file = new(path, FileMode.Append, FileAccess.Write, FileShare.ReadWrite);

    public void Submitted(Job job) => Write([new HistoryEvent("submit", job.Id, job.Version) { Count = job.FrameCount }]);

    public void Accepted(IReadOnlyList<LeaseAccepted> accepted, IReadOnlySet<Guid> held) =>
        Write(accepted.Select(lease => new HistoryEvent("accept", lease.JobId) { Attempt = lease.AttemptId, Fence = lease.Fence, IsHeld = held.Contains(lease.AttemptId) }));

    /// <summary>What a commit answered: how a report that came twice, or too late, was met.</summary>
    public void Answered(IReadOnlyList<FramesRendered> reports, IReadOnlyList<FramesCommitted> answers) =>
        Write(reports.Zip(answers, (report, answer) => new HistoryEvent("answer", report.JobId)
        {
            Attempt = report.AttemptId,
            Fence = report.Fence,
            Frames = answer.Committed,
            Refused = answer.Refused,
        }));

    public void Changed(LedgerChanges changes)
    {
        var version = changes.Jobs.ToDictionary(job => job.Id, job => job.Version);
        Write(
        [
            .. changes.AddedLeases.Select(lease => new HistoryEvent("offer", lease.JobId, version[lease.JobId])
            {
                Attempt = lease.AttemptId, Fence = lease.Fence, First = lease.First, Count = lease.Count, Worker = lease.Worker, Epoch = lease.WorkerEpoch,
            }),
            .. changes.AddedFrames.GroupBy(frame => (frame.JobId, frame.AttemptId, frame.State)).Select(frames => new HistoryEvent(NameOf(frames.Key.State), frames.Key.JobId, version[frames.Key.JobId])
            {
                Attempt = frames.Key.AttemptId, Frames = [.. frames.Select(frame => frame.Index)],
            }),
            .. changes.AddedAttempts.Select(attempt => new HistoryEvent("end", attempt.JobId, version[attempt.JobId]) { Attempt = attempt.AttemptId, Fence = attempt.Fence, Outcome = attempt.Outcome }),
            .. changes.Jobs.Where(job => job.IsTerminal).Select(job => new HistoryEvent("over", job.Id, job.Version) { State = job.State }),
        ]);
    }

    public void Dispose() => _file.Dispose();

    private static string NameOf(FrameState state) => state switch
    {
        FrameState.Rendered => "commit",
        FrameState.Failed => "fail",
        FrameState.Quarantined => "quarantine",
        _ => throw new InvalidOperationException($"A frame was written as {state}, which has no row."),
    };

    private void Write(IEnumerable<HistoryEvent> events)
    {
        using var lines = new MemoryStream();
        foreach (var happened in events)
        {
            JsonSerializer.Serialize(lines, happened, Json);
            lines.WriteByte((byte)'\n');
        }

        lock (_lock)
        {
            _file.Write(lines.GetBuffer().AsSpan(0, (int)lines.Length));
            _file.Flush();
        }
    }

    private sealed record HistoryEvent(string Event, Guid Job, long? Version = null)
    {
        public Guid? Attempt { get; init; }

        public long? Fence { get; init; }

        public long? First { get; init; }

        public long? Count { get; init; }

        public string? Worker { get; init; }

        public long? Epoch { get; init; }

        public bool? IsHeld { get; init; }

        public IReadOnlyList<long>? Frames { get; init; }

        public IReadOnlyList<long>? Refused { get; init; }

        public AttemptOutcome? Outcome { get; init; }

        public JobState? State { get; init; }
    }
}
