using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Design;

namespace RenderFarm.Coordinator.Database;

/// <summary>The farm's tables in PostgreSQL: moments are <c>timestamptz</c>, JSON is <c>jsonb</c>.</summary>
internal sealed class PostgresFarmDb(DbContextOptions<PostgresFarmDb> options) : FarmDb(options)
{
    public override async Task<DateTimeOffset> NowAsync(CancellationToken cancellationToken) =>
        await Database.SqlQuery<DateTime>($"SELECT clock_timestamp() AS \"Value\"").SingleAsync(cancellationToken);

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        base.OnModelCreating(modelBuilder);
        foreach (var property in modelBuilder.Model.GetEntityTypes().SelectMany(entity => entity.GetProperties()))
        {
            if (property.GetValueConverter() is IJsonColumn)
            {
                property.SetColumnType("jsonb");
            }
        }
    }
}

/// <summary>Lets <c>dotnet ef migrations add NAME --context PostgresFarmDb</c> build the model; nothing connects to this address.</summary>
internal sealed class PostgresDesign : IDesignTimeDbContextFactory<PostgresFarmDb>
{
    public PostgresFarmDb CreateDbContext(string[] args) =>
        new(new DbContextOptionsBuilder<PostgresFarmDb>().UseNpgsql("Host=localhost;Database=renderfarm").UseSnakeCaseNamingConvention().Options);
}
