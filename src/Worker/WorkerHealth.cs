using Microsoft.Extensions.Diagnostics.HealthChecks;
using RenderFarm.Worker.Leases;
using RenderFarm.Worker.Membership;

namespace RenderFarm.Worker;

/// <summary>Ready when the worker has joined, its last message reached the broker, and it is not draining.</summary>
internal sealed class WorkerHealth(Arrival arrival, FarmMembership membership, CoordinatorLink link, HeldLeases leases) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) => Task.FromResult(this switch
    {
        _ when leases.DrainReason is { } reason => HealthCheckResult.Unhealthy($"The worker is draining: {reason}"),
        _ when arrival.WaitsFor is { } awaited => HealthCheckResult.Unhealthy(awaited),
        _ when !membership.HasJoined || !link.IsUp => HealthCheckResult.Unhealthy($"Waiting for the coordinators: {link.Problem ?? "nothing was sent yet"}"),
        _ when leases.IsClosed(Closing.SpoolFull) => HealthCheckResult.Unhealthy("Waiting for the artifact store: the spool is full."),
        _ => HealthCheckResult.Healthy("Joined."),
    });
}
