using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;
using RenderFarm.Coordinator.Database;
using RenderFarm.ServiceDefaults.Artifacts;

namespace RenderFarm.Coordinator.Api;

/// <summary>The database is there and has this program's schema.</summary>
internal sealed class DatabaseCheck(IDbContextFactory<FarmDb> databases, IOptions<DatabaseOptions> options) : IHealthCheck
{
    private volatile bool _wasThere;

    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        try
        {
            if (!_wasThere)
            {
                await FarmSchema.CheckAsync(options.Value, cancellationToken);
                _wasThere = true;
            }

            await using var db = await databases.CreateDbContextAsync(cancellationToken);
            await db.Jobs.AnyAsync(job => job.Id == Guid.Empty, cancellationToken);
            return HealthCheckResult.Healthy();
        }
        catch (FarmDatabaseException fault)
        {
            return HealthCheckResult.Unhealthy(fault.Message);
        }
        catch (Exception fault) when (FarmDatabaseException.IsUnusable(fault.GetBaseException()) || FarmDatabaseException.IsUnusable(fault))
        {
            // A database that was made anew has to be migrated again.
            _wasThere = false;
            return HealthCheckResult.Unhealthy(FarmDatabaseException.For(options.Value, fault).Message);
        }
    }
}

/// <summary>The store takes objects.</summary>
internal sealed class StoreCheck(IArtifactStore store) : IHealthCheck
{
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        try
        {
            await store.CheckAsync(cancellationToken);
            return HealthCheckResult.Healthy();
        }
        catch (ArtifactStoreException fault)
        {
            return HealthCheckResult.Unhealthy(fault.Message);
        }
    }
}
