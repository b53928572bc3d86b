using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using RenderFarm.Coordinator.Ledger;

namespace RenderFarm.Coordinator.Database;

internal static class FarmDatabase
{
    private static readonly TimeSpan Shortest = TimeSpan.FromSeconds(5);

    /// <summary>The tables and the frame ledger on them, by the sections <c>Database</c> and <c>Ledger</c>.</summary>
    public static IServiceCollection AddFarmDatabase(this IServiceCollection services)
    {
        services.AddOptions<DatabaseOptions>().BindConfiguration(DatabaseOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        services.AddSingleton<IDbContextFactory<FarmDb>>(provider =>
            new FarmDbFactory(provider.GetRequiredService<IOptions<DatabaseOptions>>().Value, provider.GetRequiredService<ILoggerFactory>()));
        services.AddOptions<LedgerOptions>().BindConfiguration(LedgerOptions.Section).ValidateDataAnnotations()
            .Validate(options => options.AcceptWithin >= Shortest, $"Ledger:AcceptWithin must be at least {Shortest.TotalSeconds} s: an offer has to reach its worker and be answered.")
            .Validate(options => options.LeaseFor >= Shortest, $"Ledger:LeaseFor must be at least {Shortest.TotalSeconds} s: workers renew every 2 s.")
            .Validate(options => options.RetryAfter >= TimeSpan.Zero, "Ledger:RetryAfter must not be negative.")
            .Validate(options => options.QuarantineFor >= TimeSpan.Zero, "Ledger:QuarantineFor must not be negative.")
            .ValidateOnStart();
        services.AddSingleton(provider => new FrameLedger(
            provider.GetRequiredService<IDbContextFactory<FarmDb>>(),
            provider.GetRequiredService<IOptions<DatabaseOptions>>().Value.Provider == DatabaseProvider.Postgres ? new PostgresLedgerSql() : new SqliteLedgerSql(),
            provider.GetRequiredService<IOptions<LedgerOptions>>().Value,
            provider.GetRequiredService<IConfiguration>()[LedgerHistory.Setting] is { Length: > 0 } file ? new LedgerHistory(file) : null));
        return services;
    }
}
