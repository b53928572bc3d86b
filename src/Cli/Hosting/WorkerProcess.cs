using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using RenderFarm.ServiceDefaults.Artifacts;
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

    /// <summary>Runs until SIGTERM or Ctrl+C, then drains. Throws what names the thing that is missing when it cannot start.</summary>
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

        // Wrong settings are named before the servers are tried with them.
        app.Services.GetRequiredService<IStartupValidator>().Validate();
        await BrokerCheck.CheckAsync(builder.Configuration.GetSection("Bus").Get<BusOptions>() ?? new BusOptions(), cancellationToken);
        await app.Services.GetRequiredService<IArtifactStore>().CheckAsync(cancellationToken);
        await ((IHost)app).RunAsync(cancellationToken);
    }

    private static async Task<IResult> ReadyAsync(HealthCheckService checks, CancellationToken cancellationToken)
    {
        var report = await checks.CheckHealthAsync(check => check.Name == WorkerHost.HealthCheck, cancellationToken);
        var worker = report.Entries[WorkerHost.HealthCheck];
        return worker.Status == HealthStatus.Healthy
            ? TypedResults.Ok(new { status = "ready" })
            : TypedResults.Problem(worker.Description, statusCode: StatusCodes.Status503ServiceUnavailable);
    }
}
