using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using RenderFarm.Coordinator;
using RenderFarm.Coordinator.Database;
using RenderFarm.ServiceDefaults.Artifacts;
using RenderFarm.ServiceDefaults.Bus;
using RenderFarm.ServiceDefaults.Hosting;

namespace RenderFarm.Cli.Hosting;

/// <summary><c>renderfarm coordinator</c>: one of any number of coordinators of a farm.</summary>
internal static class CoordinatorProcess
{
    private const string DefaultUrls = "http://127.0.0.1:8080";

    /// <summary>Runs until SIGTERM or Ctrl+C. Throws what names the thing that is missing when it cannot start.</summary>
    public static async Task RunAsync(string[] arguments, CancellationToken cancellationToken)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Configuration.AddFarmConfiguration(arguments);
        builder.WebHost.UseKestrelCore().UseUrls(builder.Configuration["Coordinator:Urls"] ?? DefaultUrls);
        builder.Services.AddRouting();
        builder.Logging.AddFarmConsole(builder.Configuration);
        builder.AddCoordinator();
        builder.Services.AddFarmBus(builder.Configuration);
        await using var app = builder.Build();
        app.MapCoordinator();

        // Wrong settings are named before the servers are tried with them.
        app.Services.GetRequiredService<IStartupValidator>().Validate();

        // Nothing is taken on before everything that a promise to a client stands on was seen once.
        var configuration = builder.Configuration;
        await FarmSchema.CheckAsync(configuration.GetSection(DatabaseOptions.Section).Get<DatabaseOptions>() ?? new DatabaseOptions(), cancellationToken);
        await BrokerCheck.CheckAsync(configuration.GetSection("Bus").Get<BusOptions>() ?? new BusOptions(), cancellationToken);
        await app.Services.GetRequiredService<IArtifactStore>().CheckAsync(cancellationToken);
        await ((IHost)app).RunAsync(cancellationToken);
    }
}
