using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;

namespace RenderFarm.Cli.Hosting;

/// <summary>How the hosts log: one line an event, to standard error.</summary>
internal static class FarmConsole
{
    /// <summary>Adds it; the libraries below are heard from warnings on.</summary>
    public static ILoggingBuilder AddFarmConsole(this ILoggingBuilder logging, LogLevel minimumLevel)
    {
        logging.AddSimpleConsole(console =>
        {
            console.SingleLine = true;
            console.TimestampFormat = "HH:mm:ss.fff ";
            console.UseUtcTimestamp = true;
        });
        logging.Services.Configure<ConsoleLoggerOptions>(console => console.LogToStandardErrorThreshold = LogLevel.Trace);
        logging.SetMinimumLevel(minimumLevel);
        foreach (var library in new[] { "Microsoft", "System" })
        {
            logging.AddFilter(library, minimumLevel > LogLevel.Warning ? minimumLevel : LogLevel.Warning);
        }

        // Who waits for a server says so once, and not at every look or with every message that is tried again.
        logging.AddFilter("Microsoft.Extensions.Diagnostics.HealthChecks", LogLevel.None);
        logging.AddFilter("MassTransit", minimumLevel > LogLevel.Error ? minimumLevel : LogLevel.Error);
        return logging;
    }

    /// <summary>Lets section <c>Logging</c> of the configuration override it.</summary>
    public static ILoggingBuilder AddFarmConsole(this ILoggingBuilder logging, IConfiguration configuration)
    {
        logging.AddFarmConsole(LogLevel.Information);
        return logging.AddConfiguration(configuration.GetSection("Logging"));
    }
}
