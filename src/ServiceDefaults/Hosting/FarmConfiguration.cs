using Microsoft.Extensions.Configuration;

namespace RenderFarm.ServiceDefaults.Hosting;

/// <summary>Where both hosts read their settings: appsettings.json, then <c>RENDERFARM__Section__Key</c>, then the command line.</summary>
public static class FarmConfiguration
{
    /// <summary>Prefix of environment variables.</summary>
    public const string EnvironmentPrefix = "RENDERFARM__";

    /// <summary>Adds the sources, later ones win.</summary>
    public static IConfigurationBuilder AddFarmConfiguration(this IConfigurationBuilder configuration, string[] arguments)
    {
        configuration.AddJsonFile(Path.Combine(Directory.GetCurrentDirectory(), "appsettings.json"), optional: true, reloadOnChange: false);
        configuration.AddEnvironmentVariables(EnvironmentPrefix);
        configuration.AddCommandLine(arguments);
        return configuration;
    }
}
