using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using RenderFarm.ServiceDefaults.Bus;
using RenderFarm.ServiceDefaults.Hosting;
using RenderFarm.Worker;
using RenderFarm.Worker.Rendering.Supervision;

namespace RenderFarm.Cli.Hosting;

/// <summary><c>renderfarm worker</c>: one of any number of workers of a farm.</summary>
internal static class WorkerProcess
{
    /// <summary>What this program is started with to be a render process; not for people.</summary>
    public const string RenderProcessCommand = "render-process";

    private const string UrlsSetting = "Worker:HealthUrls";

    /// <summary>Runs until SIGTERM or Ctrl+C, then drains. It starts at once, and waits for the servers that are away. Throws what is wrong with a setting.</summary>
    public static async Task RunAsync(string[] arguments, CancellationToken cancellationToken)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Configuration.AddFarmConfiguration(arguments);
        var options = builder.Configuration.GetSection("Worker").Get<WorkerOptions>() ?? new WorkerOptions();
        builder.WebHost.UseKestrelCore().UseUrls(options.HealthUrls);
        builder.Services.AddRouting();
        builder.Logging.AddFarmConsole(builder.Configuration);
        builder.AddWorker(RenderProgram.OfThisProgram(RenderProcessCommand));
        builder.Services.AddFarmBus(builder.Configuration);
        await using var app = builder.Build();
        app.MapGet("/healthz", () => TypedResults.Ok(new { status = "alive" }));
        app.MapGet("/readyz", ReadyAsync);
        app.Services.GetRequiredService<IStartupValidator>().Validate();
        Addresses.RequireFree(options.HealthUrls, UrlsSetting);
        app.Services.OpenSpool();

        await app.StartAsync(cancellationToken);
        try
        {
            await FirstLook.AtBusAndStoreAsync(app.Services, cancellationToken);
        }
        catch
        {
            await app.StopAsync(CancellationToken.None);
            throw;
        }

        await app.WaitForShutdownAsync(cancellationToken);
    }

    private static async Task<IResult> ReadyAsync(HealthCheckService checks, BusPresence bus, CancellationToken cancellationToken)
    {
        var broker = await bus.CheckHealthAsync(new HealthCheckContext(), cancellationToken);
        if (broker.Status != HealthStatus.Healthy)
        {
            return TypedResults.Problem($"Waiting for the broker. {broker.Description}", statusCode: StatusCodes.Status503ServiceUnavailable);
        }

        var report = await checks.CheckHealthAsync(check => check.Name == WorkerHost.HealthCheck, cancellationToken);
        var worker = report.Entries[WorkerHost.HealthCheck];
        return worker.Status == HealthStatus.Healthy
            ? TypedResults.Ok(new { status = "ready" })
            : TypedResults.Problem(worker.Description, statusCode: StatusCodes.Status503ServiceUnavailable);
    }
}
