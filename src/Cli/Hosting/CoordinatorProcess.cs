using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using RenderFarm.Coordinator;
using RenderFarm.ServiceDefaults.Bus;
using RenderFarm.ServiceDefaults.Hosting;

namespace RenderFarm.Cli.Hosting;

/// <summary><c>renderfarm coordinator</c>: one of any number of coordinators of a farm.</summary>
internal static class CoordinatorProcess
{
    private const string DefaultUrls = "http://127.0.0.1:8080";
    private const string UrlsSetting = "Coordinator:Urls";

    /// <summary>Runs until SIGTERM or Ctrl+C. It answers at once, and waits for the servers that are away. Throws what is wrong with a setting.</summary>
    public static async Task RunAsync(string[] arguments, CancellationToken cancellationToken)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Configuration.AddFarmConfiguration(arguments);
        var urls = builder.Configuration[UrlsSetting] ?? DefaultUrls;
        builder.WebHost.UseKestrelCore().UseUrls(urls);
        builder.Services.AddRouting();
        builder.Logging.AddFarmConsole(builder.Configuration);
        builder.AddCoordinator();
        builder.Services.AddFarmBus(builder.Configuration);
        await using var app = builder.Build();
        app.MapCoordinator();
        app.Services.GetRequiredService<IStartupValidator>().Validate();
        Addresses.RequireFree(urls, UrlsSetting);

        await app.StartAsync(cancellationToken);
        try
        {
            await FirstLook.AtAllAsync(app.Services, cancellationToken);
        }
        catch
        {
            await app.StopAsync(CancellationToken.None);
            throw;
        }

        await app.WaitForShutdownAsync(cancellationToken);
    }
}
