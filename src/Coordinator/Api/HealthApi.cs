using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using RenderFarm.Coordinator.Database;
using RenderFarm.ServiceDefaults.Artifacts;

namespace RenderFarm.Coordinator.Api;

/// <summary><c>/healthz</c>: the process lives. <c>/readyz</c>: what it needs is there too.</summary>
internal static class HealthApi
{
    private const string Tag = "ready";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    public static IServiceCollection AddFarmHealth(this IServiceCollection services)
    {
        services.AddHealthChecks()
            .AddCheck<DatabaseCheck>("database", tags: [Tag], timeout: Patience)
            .AddCheck<StoreCheck>("artifacts", tags: [Tag], timeout: Patience);
        services.AddSingleton<Readiness>();
        return services;
    }

    public static IResult Live() => TypedResults.Ok(new { status = "alive" });

    public static async Task<IResult> ReadyAsync(HttpContext context, Readiness readiness, CancellationToken cancellationToken)
    {
        var report = await readiness.LookAsync(cancellationToken);
        var away = report.Entries.Where(entry => entry.Value.Status != HealthStatus.Healthy).OrderBy(entry => entry.Key).ToList();
        if (away.Count == 0)
        {
            return TypedResults.Ok(new { status = "ready" });
        }

        // Addresses of servers are told to those with the key only.
        var isKnown = context.User.Identity?.IsAuthenticated == true;
        return Problems.Away(context, string.Join(" ", away.Select(entry => isKnown ? $"{entry.Key}: {entry.Value.Description ?? "away"}" : $"{entry.Key} is away.")));
    }

    /// <summary>Everybody may ask, and each look writes an object to the store: one look serves all who ask within a moment.</summary>
    internal sealed class Readiness(HealthCheckService checks, TimeProvider time) : IDisposable
    {
        private static readonly TimeSpan Fresh = TimeSpan.FromSeconds(2);
        private readonly SemaphoreSlim _turn = new(1);
        private (HealthReport Report, long At)? _last;

        public async Task<HealthReport> LookAsync(CancellationToken cancellationToken)
        {
            await _turn.WaitAsync(cancellationToken);
            try
            {
                if (_last is not { } last || time.GetElapsedTime(last.At) > Fresh)
                {
                    _last = (await checks.CheckHealthAsync(check => check.Tags.Contains(Tag), cancellationToken), time.GetTimestamp());
                }

                return _last.Value.Report;
            }
            finally
            {
                _turn.Release();
            }
        }

        public void Dispose() => _turn.Dispose();
    }

    private sealed class DatabaseCheck(IDbContextFactory<FarmDb> databases) : IHealthCheck
    {
        public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
        {
            try
            {
                await using var db = await databases.CreateDbContextAsync(cancellationToken);
                await db.Jobs.AnyAsync(job => job.Id == Guid.Empty, cancellationToken);
                return HealthCheckResult.Healthy();
            }
            catch (Exception fault) when (!cancellationToken.IsCancellationRequested)
            {
                return HealthCheckResult.Unhealthy(fault.GetBaseException().Message, fault);
            }
        }
    }

    private sealed class StoreCheck(IArtifactStore store) : IHealthCheck
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
                return HealthCheckResult.Unhealthy(fault.Message, fault);
            }
        }
    }
}
