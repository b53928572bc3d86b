using MassTransit;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace RenderFarm.ServiceDefaults.Bus;

/// <summary>Whether the broker is there, as this process's bus sees it.</summary>
public sealed class BusPresence : IHealthCheck
{
    private readonly IBusControl _bus;
    private readonly BrokerWait _wait;

    internal BusPresence(IBusControl bus, BrokerWait wait) => (_bus, _wait) = (bus, wait);

    /// <summary>Whether all of this process's queues are connected.</summary>
    public bool IsThere => _bus.CheckHealth().Status == BusHealthStatus.Healthy;

    /// <inheritdoc/>
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var health = _bus.CheckHealth();
        return Task.FromResult(health.Status == BusHealthStatus.Healthy ? HealthCheckResult.Healthy() : HealthCheckResult.Unhealthy(_wait.Reason ?? health.Description));
    }
}
