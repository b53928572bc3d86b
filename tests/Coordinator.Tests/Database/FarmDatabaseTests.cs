using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using RenderFarm.Coordinator.Database;
using RenderFarm.Coordinator.Ledger;

namespace RenderFarm.Coordinator.Tests.Database;

public sealed class FarmDatabaseTests
{
    [Theory]
    [InlineData("Postgres", "Host=localhost;Database=farm", "Npgsql.EntityFrameworkCore.PostgreSQL")]
    [InlineData("sqlite", "Data Source=farm.db", "Microsoft.EntityFrameworkCore.Sqlite")]
    public async Task Section_Database_chooses_the_database(string provider, string address, string expected)
    {
        await using var services = Services(("Database:Provider", provider), ("Database:ConnectionString", address));
        await using var db = services.GetRequiredService<IDbContextFactory<FarmDb>>().CreateDbContext();

        Assert.Equal(expected, db.Database.ProviderName);
        Assert.Same(services.GetRequiredService<FrameLedger>(), services.GetRequiredService<FrameLedger>());
    }

    [Theory]
    [InlineData("Database:ConnectionString", "", "Database:ConnectionString is missing")]
    [InlineData("Database:Provider", "Mysql", "Database:Provider")]
    [InlineData("Ledger:LeaseFor", "00:00:01", "Ledger:LeaseFor must be at least 5 s")]
    [InlineData("Ledger:AcceptWithin", "00:00:00", "Ledger:AcceptWithin must be at least 5 s")]
    [InlineData("Ledger:RetryAfter", "-00:00:01", "Ledger:RetryAfter must not be negative")]
    [InlineData("Ledger:MaxTries", "0", "MaxTries")]
    public async Task Wrong_setting_is_refused_at_the_start_by_name(string key, string value, string expected)
    {
        await using var services = Services((key, value));
        var refusal = Assert.ThrowsAny<Exception>(() => services.GetRequiredService<IStartupValidator>().Validate());
        Assert.Contains(expected, refusal.Message, StringComparison.Ordinal);
    }

    private static ServiceProvider Services(params IEnumerable<(string Key, string Value)> settings) => new ServiceCollection()
        .AddSingleton<IConfiguration>(new ConfigurationBuilder().AddInMemoryCollection(settings.Select(setting => KeyValuePair.Create(setting.Key, (string?)setting.Value))).Build())
        .AddLogging()
        .AddFarmDatabase()
        .BuildServiceProvider();
}
