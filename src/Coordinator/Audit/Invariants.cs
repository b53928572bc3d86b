namespace RenderFarm.Coordinator.Audit;

/// <summary>What holds on every farm at any time; <c>LedgerAudit.sql</c> has the rules of those that rows can tell.</summary>
internal sealed record Invariant(string Id, string What)
{
    /// <summary>Why no audit can see it; null where one can.</summary>
    public string? NeverVisible { get; init; }

    /// <summary>Whether it is about the farm and not about one job.</summary>
    public bool IsOfFarm { get; init; }

    /// <summary>Whether it needs the objects of the store.</summary>
    public bool IsOfObjects { get; init; }

    public AuditedInvariant Judge(bool isBroken, bool isOneJob, bool hasObjects)
    {
        var why = NeverVisible ?? (IsOfFarm && isOneJob ? "not of one job" : IsOfObjects && !hasObjects ? "needs --objects" : null);
        return new AuditedInvariant(Id, What, isBroken ? false : why is null ? true : null, isBroken ? null : why);
    }
}

internal static class Invariants
{
    public static IReadOnlyList<Invariant> All { get; } =
    [
        new("I1", "a submit that was answered is on the disk") { IsOfFarm = true },
        new("I2", "a frame has one result, of an attempt that is known"),
        new("I3", "fences are unique and grow"),
        new("I4", "an object key belongs to one frame and attempt"),
        new("I5", "no lease is overdue by more than 60 s"),
        new("I6", "nothing happens to a job that has ended"),
        new("I7", "every frame is in one place, and the counters equal the rows"),
        new("I8", "a worker holds no more leases than its window") { IsOfFarm = true },
        new("I9", "a job's version is never behind its frames"),
        new("I10", "nothing is committed after a job's end, and nothing is leased of a paused one"),
        new("I11", "only faults of workers and deaths of render processes leave strikes"),
        new("I12", "deadlines are by the database's clock only") { NeverVisible = "rows do not tell whose clock wrote them" },
        new("I13", "no frame waits over which two render processes died"),
        new("I14", "a webhook keeps its id over retries") { NeverVisible = "the farm sends no webhooks" },
        new("I15", "every picture is in the store, and every object in it is a picture's or young") { IsOfObjects = true },
        new("I16", "every lease that ended has an outcome, and no ended job has a lease"),
    ];
}
