using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using RenderFarm.Coordinator.Database;
using RenderFarm.Coordinator.Ledger;
using RenderFarm.Shared;
using RenderFarm.Shared.Api;

namespace RenderFarm.Coordinator.Jobs;

/// <summary>Reads the quarantined frames of a job and what the render processes that died over them left behind.</summary>
internal sealed class QuarantineQueries(IDbContextFactory<FarmDb> databases, FrameQueries frames, IOptions<LedgerOptions> ledger)
{
    /// <summary>Attempts of a page: each may bring 8 KiB of evidence.</summary>
    private const int MaxDeaths = 200;

    /// <summary>A page of frames by index, those after <paramref name="after"/>; null when there is no such job.</summary>
    public async Task<QuarantineView?> ReadAsync(Guid jobId, long? after, int limit, CancellationToken cancellationToken)
    {
        if (await frames.ListAsync(jobId, FrameState.Quarantined, after, limit, cancellationToken) is not { } page)
        {
            return null;
        }

        if (page.Items.Count == 0)
        {
            return new QuarantineView { Items = [], Deaths = [], Cursor = page.Cursor };
        }

        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        var (first, last) = (page.Items[0].Index, page.Items[^1].Index);
        var since = await db.Frames.Where(frame => frame.JobId == jobId && frame.State == FrameState.Quarantined && frame.Index >= first && frame.Index <= last)
            .ToDictionaryAsync(frame => frame.Index, frame => frame.CommittedAt, cancellationToken);
        var deaths = await DeathsAsync(db, jobId, first, last, cancellationToken);
        // A frame that was requeued or dropped since the page was read is left out.
        var shown = page.Items.Where(frame => since.ContainsKey(frame.Index)).Select(frame => ViewOf(frame, since[frame.Index], deaths)).ToList();
        var named = shown.SelectMany(frame => frame.Deaths).ToHashSet();
        return new QuarantineView { Items = shown, Deaths = [.. deaths.Where(death => named.Contains(death.AttemptId))], Cursor = page.Cursor };
    }

    private static Task<List<DeathView>> DeathsAsync(FarmDb db, Guid jobId, long first, long last, CancellationToken cancellationToken) => db.Attempts
        .Where(attempt => attempt.JobId == jobId && attempt.First <= last && attempt.First + attempt.Count > first
            && (attempt.ErrorClass == ErrorClass.Crash || attempt.ErrorClass == ErrorClass.OutOfMemory))
        .OrderByDescending(attempt => attempt.Fence)
        .Take(MaxDeaths)
        .Select(attempt => new DeathView
        {
            AttemptId = attempt.AttemptId,
            Worker = attempt.Worker,
            First = attempt.First,
            Count = attempt.Count,
            StartedAt = attempt.StartedAt,
            EndedAt = attempt.EndedAt,
            Outcome = attempt.Outcome,
            Message = attempt.Message,
            Evidence = attempt.Evidence,
        })
        .ToListAsync(cancellationToken);

    private QuarantinedFrameView ViewOf(FrameView frame, DateTimeOffset since, List<DeathView> deaths) => new()
    {
        Index = frame.Index,
        Prompt = frame.Prompt,
        Seed = frame.Seed,
        Error = frame.Error ?? "",
        Since = since,
        Until = since + ledger.Value.QuarantineFor,
        Deaths = [.. deaths.Where(death => death.First <= frame.Index && frame.Index < death.First + death.Count).Select(death => death.AttemptId)],
    };
}
