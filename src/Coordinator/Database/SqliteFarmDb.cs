using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Design;
using Microsoft.EntityFrameworkCore.Storage.ValueConversion;

namespace RenderFarm.Coordinator.Database;

/// <summary>The farm's tables in a SQLite file: moments are Unix milliseconds, JSON is text.</summary>
internal sealed class SqliteFarmDb(DbContextOptions<SqliteFarmDb> options) : FarmDb(options)
{
    public override async Task<DateTimeOffset> NowAsync(CancellationToken cancellationToken) => DateTimeOffset.FromUnixTimeMilliseconds(
        await Database.SqlQuery<long>($"SELECT CAST(unixepoch('subsec') * 1000 AS INTEGER) AS \"Value\"").SingleAsync(cancellationToken));

    protected override void ConfigureConventions(ModelConfigurationBuilder configurationBuilder)
    {
        base.ConfigureConventions(configurationBuilder);
        configurationBuilder.Properties<DateTimeOffset>().HaveConversion<UnixMilliseconds>();
    }

    private sealed class UnixMilliseconds() : ValueConverter<DateTimeOffset, long>(
        moment => moment.ToUnixTimeMilliseconds(),
        milliseconds => DateTimeOffset.FromUnixTimeMilliseconds(milliseconds));
}

/// <summary>Lets <c>dotnet ef migrations add NAME --context SqliteFarmDb</c> build the model.</summary>
internal sealed class SqliteDesign : IDesignTimeDbContextFactory<SqliteFarmDb>
{
    public SqliteFarmDb CreateDbContext(string[] args) =>
        new(new DbContextOptionsBuilder<SqliteFarmDb>().UseSqlite("Data Source=:memory:").UseSnakeCaseNamingConvention().Options);
}
