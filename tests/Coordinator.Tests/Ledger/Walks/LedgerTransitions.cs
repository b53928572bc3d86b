namespace RenderFarm.Coordinator.Tests.Ledger.Walks;

/// <summary>The ledger's state machine: what each event does to a thing in each state.</summary>
internal static class LedgerTransitions
{
    private static readonly string[] Terminal = ["Completed", "Failed", "Cancelled"];
    private static readonly string[] Ended = ["Succeeded", "Partial", "Failed", "Crashed", "OutOfMemory", "Expired", "Cancelled", "Released"];

    public static HashSet<string> All { get; } =
    [
        "frame Waiting offer: Rendering", "frame Waiting commit: Rendered", "frame Waiting commit late: Waiting", "frame Waiting cancel: Cancelled",
        "frame Rendering commit: Rendered", "frame Rendering commit late: Rendering", "frame Rendering give up by name: Failed",
        "frame Rendering give up a bad request: Failed", "frame Rendering give up after the last try: Failed", "frame Rendering quarantine: Quarantined",
        "frame Rendering strike for the worker: Waiting", "frame Rendering strike for a death: Waiting", "frame Rendering return: Waiting",
        "frame Rendering return unstruck: Waiting", "frame Rendering expire: Waiting", "frame Rendering release: Waiting", "frame Rendering pause: Waiting",
        "frame Rendering cancel: Cancelled",
        "frame Rendered commit again: Rendered", "frame Rendered commit late: Rendered",
        "frame Quarantined requeue: Waiting", "frame Quarantined drop: Failed", "frame Quarantined drop overdue: Failed", "frame Quarantined cancel: Failed",
        "frame Quarantined commit again: Quarantined", "frame Quarantined commit late: Quarantined",
        "frame Failed commit again: Failed", "frame Failed commit late: Failed", "frame Cancelled commit again: Cancelled", "frame Cancelled commit late: Cancelled",

        "lease none offer: Offered", "lease Offered accept: Accepted", "lease Accepted accept: Accepted", "lease Offered renew: Accepted", "lease Accepted renew: Accepted",
        "lease Offered extend: Offered", "lease Accepted extend: Accepted", "lease none accept: none", "lease none renew: none", "lease none end: none",
        .. Ended.SelectMany(state => new[] { "accept", "renew", "end" }.Select(change => $"lease {state} {change}: {state}")),
        .. new[] { "Offered", "Accepted" }.SelectMany(state => new[]
        {
            $"lease {state} commit: Accepted", $"lease {state} commit the last: Succeeded", $"lease {state} expire: Expired", $"lease {state} cancel: Cancelled",
            $"lease {state} pause: Released", $"lease {state} release: Released", $"lease {state} end: Released", $"lease {state} end: Failed",
            $"lease {state} end: Crashed", $"lease {state} end: OutOfMemory",
        }),
        "lease Accepted end: Partial", "lease Accepted pause: Partial", "lease Accepted release: Partial",

        "job Queued offer: Running", "job Running offer: Running", "job Queued pause: Paused", "job Running pause: Paused", "job Paused resume: Queued", "job Paused resume: Running",
        "job Queued cancel: Cancelled", "job Running cancel: Cancelled", "job Paused cancel: Cancelled", "job Running commit: Completed", "job Running end: Completed",
        "job Running end: Failed", "job Running drop: Completed", "job Running drop overdue: Completed", "job Paused drop: Completed", "job Paused pause: Paused",
        "job Queued resume: Queued", "job Running resume: Running",
        .. Terminal.SelectMany(state => new[] { "cancel", "pause", "resume" }.Select(change => $"job {state} {change}: {state}")),
    ];

    /// <summary>Beginnings of what must never be: something comes back that was over, or is taken from its holder by a commit.</summary>
    public static IReadOnlyList<string> Impossible { get; } =
    [
        .. new[] { "Rendered", "Failed", "Cancelled" }.SelectMany(state => new[] { "offer", "requeue", "drop", "pause", "cancel", "expire", "return", "strike" }.Select(change => $"frame {state} {change}")),
        "frame Failed commit: ", "frame Quarantined commit: ", "frame Cancelled commit: ",
        .. Terminal.SelectMany(state => new[] { "offer", "commit", "end", "drop" }.Select(change => $"job {state} {change}")),
        "job Paused offer", "job Paused commit", "job Queued commit", "job Queued end",
    ];
}
