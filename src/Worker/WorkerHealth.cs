using Microsoft.Extensions.Diagnostics.HealthChecks;
using RenderFarm.Worker.Leases;
using RenderFarm.Worker.Membership;

namespace RenderFarm.Worker;

/// <summary>Ready when the worker has joined, its last message reached the broker, and it is not draining.</summary>
internal sealed class WorkerHealth(FarmMembership membership, CoordinatorLink link, HeldLeases leases) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) => Task.FromResult(this switch
    {
        _ when !membership.HasJoined => HealthCheckResult.Unhealthy("The models are still being read."),
        _ when leases.IsDraining => HealthCheckResult.Unhealthy("The worker is draining."),
        _ when !link.IsUp => HealthCheckResult.Unhealthy("The coordinators cannot be reached; see Bus:Uri and the log."),
        _ => HealthCheckResult.Healthy("Joined."),
    });
}
