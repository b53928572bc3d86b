using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace RenderFarm.Coordinator.Database;

internal static class FarmDatabase
{
    /// <summary>The tables, by the section <c>Database</c>.</summary>
    public static IServiceCollection AddFarmDatabase(this IServiceCollection services)
    {
        services.AddOptions<DatabaseOptions>().BindConfiguration(DatabaseOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        services.AddSingleton<IDbContextFactory<FarmDb>>(provider =>
            new FarmDbFactory(provider.GetRequiredService<IOptions<DatabaseOptions>>().Value, provider.GetRequiredService<ILoggerFactory>()));
        return services;
    }
}
