using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OpenTelemetry.Metrics;
using RenderFarm.ServiceDefaults.Artifacts;
using RenderFarm.ServiceDefaults.Bus;
using RenderFarm.ServiceDefaults.Hosting;
using RenderFarm.Worker.Simulation;

namespace RenderFarm.Cli.Hosting;

/// <summary><c>renderfarm simulate</c>: a host for each worker, with a connection and a queue of its own, and what only a process can have once.</summary>
internal static class SimulationProcess
{
    private const int StartsAtATime = 16;

    // A file system in memory, where there is one.
    private const string MemoryFolder = "/dev/shm";

    /// <summary>Runs until SIGTERM or Ctrl+C, then drains all workers at once.</summary>
    public static async Task RunAsync(Simulation simulation, string[] arguments, Action<string> tell, CancellationToken cancellationToken)
    {
        using var process = Process(simulation, arguments);
        var spools = Spools(simulation, process.Services.GetRequiredService<IConfiguration>());
        await process.StartAsync(cancellationToken);
        var workers = Enumerable.Range(0, simulation.Workers).Select(worker => Worker(process.Services, simulation, simulation.NameOf(worker), spools)).ToList();
        try
        {
            await Parallel.ForEachAsync(
                workers, new ParallelOptions { MaxDegreeOfParallelism = StartsAtATime, CancellationToken = cancellationToken }, async (worker, token) => await worker.StartAsync(token));
            tell($"{workers.Count} simulated workers run, {simulation.NameOf(0)} to {simulation.NameOf(workers.Count - 1)}.");
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
        }
        finally
        {
            await Task.WhenAll(workers.Select(worker => worker.StopAsync(CancellationToken.None)));
            workers.ForEach(worker => worker.Dispose());
            await process.StopAsync(CancellationToken.None);
            if (!simulation.StoresPictures)
            {
                Directory.Delete(spools, recursive: true);
            }
        }
    }

    /// <summary>The settings, the log, the telemetry and the artifact store of all of them.</summary>
    private static IHost Process(Simulation simulation, string[] arguments)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Configuration.AddFarmConfiguration(arguments);
        builder.Services.AddSingleton<IHostLifetime, NoLifetime>();
        builder.Logging.AddFarmConsole(builder.Configuration);
        builder.AddFarmDefaults();
        if (simulation.StoresPictures)
        {
            builder.Services.AddArtifactStore(builder.Configuration);
        }
        else
        {
            builder.Services.AddSingleton<IArtifactStore, DiscardedArtifacts>();
        }

        return builder.Build();
    }

    private static IHost Worker(IServiceProvider process, Simulation simulation, string name, string spools)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        var configuration = process.GetRequiredService<IConfiguration>();
        builder.Configuration.AddConfiguration(configuration);
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Worker:Name"] = name,
            ["Worker:Device"] = "cpu",
            ["Worker:Slots"] = $"{simulation.Slots}",
            ["Worker:BatchSize"] = $"{simulation.BatchSize}",
            ["Worker:Models"] = spools,
            ["Worker:Spool"] = Path.Combine(spools, name),
            // A file system in memory is small, and its pictures stay for moments.
            ["Worker:SpoolFreeMiB"] = simulation.StoresPictures ? configuration["Worker:SpoolFreeMiB"] : "0",
        });
        builder.Services.AddSingleton<IHostLifetime, NoLifetime>();
        builder.Services.AddSingleton(process.GetRequiredService<ILoggerFactory>());
        builder.Services.AddSingleton(process.GetRequiredService<IArtifactStore>());

        // The process has a meter provider: each worker's own would count the measurements of all.
        builder.Services.AddSingleton(process.GetRequiredService<MeterProvider>());
        builder.Services.AddSingleton(TimeProvider.System);
        builder.AddSimulatedWorker(simulation.Gpu);
        builder.Services.AddFarmBus(builder.Configuration);
        return builder.Build();
    }

    private static string Spools(Simulation simulation, IConfiguration configuration) => simulation.StoresPictures
        ? Directory.CreateDirectory(configuration["Worker:Spool"] ?? "spool").FullName
        : Directory.CreateDirectory(Path.Combine(Directory.Exists(MemoryFolder) ? MemoryFolder : Path.GetTempPath(), $"renderfarm-{Environment.ProcessId}")).FullName;
}
