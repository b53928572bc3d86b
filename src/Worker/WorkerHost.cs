using MassTransit;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using RenderFarm.ServiceDefaults.Artifacts;
using RenderFarm.ServiceDefaults.Bus;
using RenderFarm.ServiceDefaults.Hosting;
using RenderFarm.ServiceDefaults.ModelStore;
using RenderFarm.Shared.Protocol;
using RenderFarm.Worker.Commits;
using RenderFarm.Worker.Leases;
using RenderFarm.Worker.Membership;
using RenderFarm.Worker.ModelCache;
using RenderFarm.Worker.Models;
using RenderFarm.Worker.Rendering;
using RenderFarm.Worker.Rendering.Supervision;
using RenderFarm.Worker.Slots;
using RenderFarm.Worker.Spool;
using RenderFarm.Worker.Uploads;

namespace RenderFarm.Worker;

/// <summary>Puts a worker into a host: a process of its own, or the embedded farm's.</summary>
public static class WorkerHost
{
    /// <summary>Name of the worker's health check.</summary>
    public const string HealthCheck = "worker";

    private const string Section = "Worker";
    private const int Prefetch = 32;

    // Answers and revocations that may wait beside the offers while the worker's connection is broken.
    private const int LettersAtMost = 32;

    // The host's own services stop after the drain.
    private static readonly TimeSpan StopMargin = TimeSpan.FromSeconds(20);

    /// <summary>Registers the rooms. The host adds the bus afterwards, when all its parts are known.</summary>
    /// <param name="builder">Host.</param>
    /// <param name="renderProgram">How a render process is started; needed where <see cref="WorkerOptions.Isolation"/> asks for one.</param>
    public static IHostApplicationBuilder AddWorker(this IHostApplicationBuilder builder, RenderProgram? renderProgram = null) =>
        builder.AddWorker((services, options, me) => services.AddRenderer(options, me, renderProgram));

    /// <summary>Registers the rooms, with a renderer of the caller's.</summary>
    internal static IHostApplicationBuilder AddWorker(this IHostApplicationBuilder builder, Action<IServiceCollection, WorkerOptions, WorkerIdentity> addRenderer)
    {
        builder.AddFarmDefaults();
        var (services, section) = (builder.Services, builder.Configuration.GetSection(Section));
        services.AddOptions<WorkerOptions>().Bind(section).ValidateDataAnnotations().ValidateOnStart();
        var options = section.Get<WorkerOptions>() ?? new WorkerOptions();
        var clock = services.LastOrDefault(service => service.ServiceType == typeof(TimeProvider))?.ImplementationInstance as TimeProvider ?? TimeProvider.System;
        var me = WorkerIdentity.Of(options, clock);
        services.AddSingleton(me);
        services.AddArtifactStore(builder.Configuration);
        services.AddBusPart(BusPart(me));
        services.Configure<HostOptions>(host => host.ShutdownTimeout = Longer(host.ShutdownTimeout, options.DrainTimeout + StopMargin));
        services.AddHealthChecks().AddCheck<WorkerHealth>(HealthCheck);
        AddRooms(services);
        addRenderer(services, options, me);
        return builder;
    }

    /// <summary>Makes this process's folder of the spool, as the host does when it starts. Throws what names the setting when it cannot.</summary>
    public static void OpenSpool(this IServiceProvider services) => services.GetRequiredService<PictureSpool>().Open();

    private static void AddRooms(IServiceCollection services)
    {
        services.AddSingleton<IModelSource, ModelFolders>();
        services.AddSingleton<ModelCatalog>();
        AddModelCache(services);
        services.AddSingleton<HeartbeatBell>();
        services.AddSingleton<HeldLeases>();
        services.AddSingleton<PictureSpool>();
        services.TryAddSingleton(provider => DiskSpace.OfThisMachine(provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton<SpoolEntry>();
        services.AddSingleton<UploadExits>();
        services.AddSingleton<Holdings>();
        services.AddSingleton<Arrival>();
        services.AddSingleton<FarmMembership>();
        services.AddSingleton<CommitClock>();
        services.AddSingleton<BatchRows>();
        services.AddSingleton<Slot>();
        services.AddSingleton<Drain>();
        services.AddSingleton<WorkerHealth>();
        services.AddLoop<CoordinatorLink>();
        services.AddLoop<Heartbeat>();
        services.AddLoop<StoreLink>();
        services.AddLoop<SpoolExit>();
        services.AddLoop<SpoolRoom>();
        services.AddLoop<FrameCommits>();
        services.AddLoop<FrameUploads>();
        services.AddLoop<Leftovers>();
        services.AddLoop<StepFeed>();
        services.AddLoop<SlotLoops>();
        services.AddSingleton<WorkerLoops>();
        services.AddHostedService<OpenSpool>();
        services.AddHostedService<WorkerRun>();
    }

    private static void AddModelCache(IServiceCollection services)
    {
        services.AddSingleton<StoredModels>();
        services.AddSingleton<CacheFolder>();
        services.AddSingleton<CacheRoom>();
        services.AddSingleton<RangeFetch>();
        services.AddSingleton<ModelFetch>();
        services.AddLoop<StoreShelf>();
    }

    internal static void AddLoop<T>(this IServiceCollection services)
        where T : class, IWorkerLoop
    {
        services.AddSingleton<T>();
        services.AddSingleton<IWorkerLoop>(provider => provider.GetRequiredService<T>());
    }

    private static BusPart BusPart(WorkerIdentity me) => new(
        bus =>
        {
            bus.AddConsumer<TakeLease>();
            bus.AddConsumer<RevokeLeases>();
            bus.AddConsumer<SettleFrames>();
            bus.AddConsumer<Rejoin>();
            bus.AddConsumer<DrainOnRequest>();
        },
        [new BusQueue(QueueNames.Worker(me.Name, me.Epoch), QueueKind.Worker, Prefetch, (context, endpoint) =>
        {
            endpoint.ConfigureConsumer<TakeLease>(context);
            endpoint.ConfigureConsumer<RevokeLeases>(context);
            endpoint.ConfigureConsumer<SettleFrames>(context);
            endpoint.ConfigureConsumer<Rejoin>(context);
            endpoint.ConfigureConsumer<DrainOnRequest>(context);
        }, MaxLength: me.Window + LettersAtMost)]);

    private static TimeSpan Longer(TimeSpan one, TimeSpan other) => one > other ? one : other;
}
