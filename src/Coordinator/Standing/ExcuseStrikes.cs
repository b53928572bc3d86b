using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using RenderFarm.Coordinator.Database;
using RenderFarm.Coordinator.Workers;

namespace RenderFarm.Coordinator.Standing;

/// <summary>Makes strikes of an incident void, and lifts the drains and blocks that followed from them.</summary>
internal sealed class ExcuseStrikes(IDbContextFactory<FarmDb> databases, LiftMeasures lift, IOptions<StandingOptions> options)
{
    private TimeSpan Margin => options.Value.IncidentMargin;

    /// <summary>Looks at incidents that last or have just ended; the answer is how many strikes became void.</summary>
    public async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        List<Strike> excused;
        await using (var db = await databases.CreateDbContextAsync(cancellationToken))
        {
            excused = await VoidAsync(db, await db.NowAsync(cancellationToken), cancellationToken);
        }

        if (excused.Count > 0)
        {
            await lift.RunAsync([.. excused.Select(strike => strike.Worker).Distinct()], cancellationToken);
        }

        return excused.Count;
    }

    /// <summary>Whether a strike of this moment is void from the start.</summary>
    public async Task<bool> IsVoidAsync(FarmDb db, DateTimeOffset at, CancellationToken cancellationToken)
    {
        var since = at - Margin;
        return await db.Incidents.AnyAsync(x => x.EndedAt == null || x.EndedAt > since, cancellationToken);
    }

    private async Task<List<Strike>> VoidAsync(FarmDb db, DateTimeOffset now, CancellationToken cancellationToken)
    {
        // Twice the margin: a strike at the margin's end may be written a moment later.
        var recently = now - (Margin * 2);
        var incidents = await db.Incidents.AsNoTracking().Where(x => x.EndedAt == null || x.EndedAt > recently).ToListAsync(cancellationToken);
        var excused = new List<Strike>();
        foreach (var incident in incidents)
        {
            var (from, to) = (incident.StartedAt - Margin, (incident.EndedAt ?? now) + Margin);
            excused.AddRange(await db.Strikes.Where(x => !x.IsVoid && x.At >= from && x.At <= to).ToListAsync(cancellationToken));
        }

        excused.ForEach(strike => strike.IsVoid = true);
        await db.SaveChangesAsync(cancellationToken);
        return excused;
    }
}
