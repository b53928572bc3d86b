using Microsoft.EntityFrameworkCore;
using RenderFarm.Coordinator.Database;
using RenderFarm.Coordinator.Workers;

namespace RenderFarm.Coordinator.Standing;

/// <summary>What was away.</summary>
internal enum IncidentKind
{
    /// <summary>No coordinator led, because the database, the broker or all coordinators were away.</summary>
    Coordinators,

    /// <summary>Many workers could not reach the artifact store.</summary>
    Store,

    /// <summary>Many workers were lost at once.</summary>
    Workers,
}

/// <summary>Keeps the times in which something that all workers share was away: nobody is struck for what happens then.</summary>
internal sealed partial class Incidents(IDbContextFactory<FarmDb> databases, ExcuseStrikes excuse, ILogger<Incidents> logger)
{
    /// <summary>An incident of this kind goes on, since so long ago; strikes of that time become void. May be said any number of times.</summary>
    public async Task OpenAsync(IncidentKind kind, string message, TimeSpan ago, CancellationToken cancellationToken)
    {
        await using (var db = await databases.CreateDbContextAsync(cancellationToken))
        {
            var started = await db.NowAsync(cancellationToken) - ago;
            var (name, isNew) = (kind.ToString(), false);
            var incident = await db.Incidents.FirstOrDefaultAsync(x => x.Kind == name && x.EndedAt == null, cancellationToken);
            if (incident is null)
            {
                (incident, isNew) = (new Incident { Id = Guid.CreateVersion7(started), Kind = name, StartedAt = started, Message = message }, true);
                db.Incidents.Add(incident);
            }
            else if (started < incident.StartedAt)
            {
                incident.StartedAt = started;
            }

            await db.SaveChangesAsync(cancellationToken);
            if (isNew)
            {
                LogOpened(kind, message);
            }
        }

        await excuse.RunAsync(cancellationToken);
    }

    /// <summary>An incident that nobody could write down while it lasted has just ended.</summary>
    public async Task PassedAsync(IncidentKind kind, string message, TimeSpan lasted, CancellationToken cancellationToken)
    {
        await using (var db = await databases.CreateDbContextAsync(cancellationToken))
        {
            var now = await db.NowAsync(cancellationToken);
            db.Incidents.Add(new Incident { Id = Guid.CreateVersion7(now), Kind = kind.ToString(), StartedAt = now - lasted, EndedAt = now, Message = message });
            await db.SaveChangesAsync(cancellationToken);
        }

        LogPassed(kind, message);
        await excuse.RunAsync(cancellationToken);
    }

    /// <summary>Incidents of this kind are over.</summary>
    public async Task CloseAsync(IncidentKind kind, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        var (name, now) = (kind.ToString(), await db.NowAsync(cancellationToken));
        if (await db.Incidents.Where(x => x.Kind == name && x.EndedAt == null).ExecuteUpdateAsync(x => x.SetProperty(i => i.EndedAt, now), cancellationToken) > 0)
        {
            LogClosed(kind);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Incident {Kind}: {Reason} No worker is struck while it lasts")]
    private partial void LogOpened(IncidentKind kind, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Incident {Kind}: {Reason} No worker is struck for what happened then")]
    private partial void LogPassed(IncidentKind kind, string reason);

    [LoggerMessage(Level = LogLevel.Information, Message = "Incident {Kind} is over")]
    private partial void LogClosed(IncidentKind kind);
}
