using OpenTelemetry.Metrics;
using RenderFarm.Coordinator.Api;
using RenderFarm.Coordinator.Dashboard;
using RenderFarm.Coordinator.Database;
using RenderFarm.Coordinator.Feed;
using RenderFarm.Coordinator.Leases;
using RenderFarm.Coordinator.Ledger;
using RenderFarm.Coordinator.Scheduling;
using RenderFarm.Coordinator.Standing;
using RenderFarm.Coordinator.Upkeep;
using RenderFarm.Coordinator.Workers;
using RenderFarm.ServiceDefaults.Artifacts;
using RenderFarm.ServiceDefaults.Bus;
using RenderFarm.ServiceDefaults.Hosting;

namespace RenderFarm.Coordinator;

/// <summary>Puts the coordinator into a web host: a process of its own, or the embedded farm's.</summary>
public static class CoordinatorHost
{
    /// <summary>Registers the rooms. The host adds the bus afterwards, when all its parts are known.</summary>
    public static WebApplicationBuilder AddCoordinator(this WebApplicationBuilder builder)
    {
        builder.AddFarmDefaults();
        var services = builder.Services;
        services.AddFarmDatabase();
        services.AddArtifactStore(builder.Configuration);
        services.AddBusPart(CoordinatorBus.Part);

        services.AddSingleton<FarmFeed>();
        services.AddSingleton<Announcer>();
        services.AddHostedService(provider => provider.GetRequiredService<Announcer>());

        services.AddSingleton<LedgerNews>();
        services.AddSingleton(provider => ActivatorUtilities.CreateInstance<LeaderLock>(provider, IsBrokerThere(provider)));
        services.AddSingleton<ReadyWorkers>();
        services.AddSingleton<ModelPaces>();
        services.AddSingleton<StrandedJobs>();
        services.AddSingleton<MatchWork>();
        services.AddSingleton<Dispatch>();
        services.AddHostedService<Scheduler>();
        services.AddHostedService<ExpireLeases>();
        services.AddSingleton<WorkerBeats>();
        services.AddSingleton<LoseWorkers>();
        services.AddHostedService(provider => provider.GetRequiredService<LoseWorkers>());
        services.AddStanding();
        services.AddFarmUpkeep();
        services.AddFarmApi(builder.Configuration);
        services.AddFarmDashboard();
        services.AddOpenTelemetry().WithMetrics(metrics => metrics.AddPrometheusExporter());
        return builder;
    }

    private static Func<bool> IsBrokerThere(IServiceProvider provider)
    {
        var presence = provider.GetRequiredService<BusPresence>();
        return () => presence.IsThere;
    }

    /// <summary>Maps its endpoints.</summary>
    public static WebApplication MapCoordinator(this WebApplication app)
    {
        app.UseFarmDashboard();
        app.UseFarmApi();
        app.MapFarmApi();
        app.MapFarmDashboard();
        app.MapPrometheusScrapingEndpoint("/metrics");
        return app;
    }
}
