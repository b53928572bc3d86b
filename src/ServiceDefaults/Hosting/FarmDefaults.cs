using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;
using RenderFarm.Shared;

namespace RenderFarm.ServiceDefaults.Hosting;

/// <summary>What every host has: the clock, health checks, metrics and traces.</summary>
public static class FarmDefaults
{
    /// <summary>Registers them; telemetry is exported over OTLP when OTEL_EXPORTER_OTLP_ENDPOINT is set.</summary>
    public static IHostApplicationBuilder AddFarmDefaults(this IHostApplicationBuilder builder)
    {
        if (builder.Services.Any(service => service.ServiceType == typeof(MeterProvider)))
        {
            // Both halves of the embedded farm ask for them.
            return builder;
        }

        builder.Services.TryAddSingleton(TimeProvider.System);
        builder.Services.AddHealthChecks();
        var telemetry = builder.Services.AddOpenTelemetry()
            .ConfigureResource(resource => resource.AddService("renderfarm"))
            .WithMetrics(metrics => metrics
                .AddMeter(Telemetry.Coordinator, Telemetry.Worker, "MassTransit")
                .AddAspNetCoreInstrumentation()
                .AddRuntimeInstrumentation())
            .WithTracing(traces => traces
                .AddSource(Telemetry.Coordinator, Telemetry.Worker, "MassTransit")
                .AddAspNetCoreInstrumentation());
        if (!string.IsNullOrEmpty(builder.Configuration["OTEL_EXPORTER_OTLP_ENDPOINT"]))
        {
            telemetry.WithMetrics(metrics => metrics.AddOtlpExporter()).WithTracing(traces => traces.AddOtlpExporter());
        }

        return builder;
    }
}
