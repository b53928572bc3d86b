using RenderFarm.Coordinator.Jobs;
using RenderFarm.Coordinator.Ledger;
using RenderFarm.Shared;
using RenderFarm.Shared.Protocol;

namespace RenderFarm.Coordinator.Tests.Ledger.Walks;

/// <summary>The rows of some jobs.</summary>
internal sealed record WalkedRows(
    IReadOnlyList<Job> Jobs, IReadOnlyList<Span> Spans, IReadOnlyList<Lease> Leases, IReadOnlyList<SettledFrame> Frames, IReadOnlyList<WalkedAttempt> Attempts);

/// <summary>What matters of an ended lease.</summary>
internal sealed record WalkedAttempt(Guid AttemptId, AttemptOutcome Outcome, int Rendered);

/// <summary>The ledger as a walk sees it: its rules on rows in memory, or all of it on a database.</summary>
internal interface IWalkedLedger
{
    /// <summary>Whether the rules' clock stands still, as far as deadlines of hours are concerned.</summary>
    bool IsTimeless { get; }

    DateTimeOffset Now { get; set; }

    Task SubmitAsync(Job job);

    Task<IReadOnlyList<WaitingSpan>> WaitingAsync(int limit);

    Task<OfferResult> OfferAsync(IReadOnlyList<OfferPlan> plans, LedgerOptions options);

    Task<IReadOnlyList<Guid>> AcceptAsync(IReadOnlyList<LeaseAccepted> accepted, LedgerOptions options);

    Task<IReadOnlyList<Guid>> RenewAsync(string worker, long epoch, IReadOnlyList<Guid> attempts, LedgerOptions options);

    Task<int> ExtendAsync(TimeSpan time);

    Task<CommitResult> CommitAsync(IReadOnlyList<FramesRendered> reports, LedgerOptions options);

    Task<EndResult> EndAsync(IReadOnlyList<LeaseEnded> reports, LedgerOptions options);

    Task<EndResult> ExpireAsync();

    Task<EndResult> ReleaseWorkerAsync(string worker, long throughEpoch);

    Task<CancelResult?> CancelAsync(Guid job);

    Task<PauseResult?> PauseAsync(Guid job);

    Task<ResumeResult?> ResumeAsync(Guid job);

    Task<QuarantineResult?> RequeueAsync(Guid job, IReadOnlyList<long>? frames);

    Task<QuarantineResult?> DropAsync(Guid job, IReadOnlyList<long>? frames);

    Task<IReadOnlyList<JobChange>> DropOverdueQuarantineAsync(LedgerOptions options);

    Task<WalkedRows> ReadAsync(IReadOnlyCollection<Guid> jobs);

    /// <summary>Deletes the rows of jobs, as retention does.</summary>
    Task ForgetAsync(IReadOnlyCollection<Guid> jobs);
}
