using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using RenderFarm.Coordinator.Database;

namespace RenderFarm.Coordinator.Upkeep;

/// <summary>Removes strikes and ended incidents that nothing follows from any more.</summary>
internal sealed class PruneStrikes(IDbContextFactory<FarmDb> databases, IOptions<UpkeepOptions> options) : IChore
{
    // Far longer than strikes count, so that people can still see what led to a drain.
    private static readonly TimeSpan KeepFor = TimeSpan.FromDays(7);

    public TimeSpan Every => options.Value.Every;

    public async Task<string?> RunOnceAsync(CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        var oldest = await db.NowAsync(cancellationToken) - KeepFor;
        var strikes = await db.Strikes.Where(strike => strike.At < oldest).ExecuteDeleteAsync(cancellationToken);
        var incidents = await db.Incidents.Where(incident => incident.EndedAt < oldest).ExecuteDeleteAsync(cancellationToken);
        return strikes + incidents == 0 ? null : $"Removed {strikes} strikes and {incidents} incidents older than {KeepFor}";
    }
}
