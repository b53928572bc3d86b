using RenderFarm.ServiceDefaults.Bus;

namespace RenderFarm.Coordinator.Api;

/// <summary><c>/healthz</c>: the process lives. <c>/readyz</c>: what it needs is there too.</summary>
internal static class HealthApi
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    public static IServiceCollection AddFarmHealth(this IServiceCollection services)
    {
        services.AddSingleton<DatabaseCheck>();
        services.AddHealthChecks()
            .AddCheck<DatabaseCheck>("database", tags: [Readiness.Tag], timeout: Patience)
            .AddCheck<BusPresence>(WatchServers.Broker, tags: [Readiness.Tag], timeout: Patience)
            .AddCheck<StoreCheck>("artifact store", tags: [Readiness.Tag], timeout: Patience);
        services.AddSingleton<Readiness>();
        services.AddHostedService<WatchServers>();
        return services;
    }

    public static IResult Live() => TypedResults.Ok(new { status = "alive" });

    public static async Task<IResult> ReadyAsync(HttpContext context, Readiness readiness, CancellationToken cancellationToken)
    {
        var away = await readiness.LookAsync(cancellationToken);
        if (away.Count == 0)
        {
            return TypedResults.Ok(new { status = "ready" });
        }

        // Addresses of servers are told to those with the key only.
        var isKnown = context.User.Identity?.IsAuthenticated == true;
        return Problems.Away(context, string.Join(" ", away.Select(x => isKnown ? $"{x.Key}: {x.Value}" : $"The {x.Key} is away.")));
    }
}
