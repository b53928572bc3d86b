using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace RenderFarm.Coordinator.Workers;

/// <summary>A time in which something that all workers share was away, so that nobody is struck for it.</summary>
internal sealed class Incident
{
    public required Guid Id { get; init; }

    public required string Kind { get; init; }

    public required DateTimeOffset StartedAt { get; set; }

    /// <summary>Null while it lasts.</summary>
    public DateTimeOffset? EndedAt { get; set; }

    public required string Message { get; set; }
}

internal sealed class IncidentTable : IEntityTypeConfiguration<Incident>
{
    public void Configure(EntityTypeBuilder<Incident> builder)
    {
        builder.ToTable("incidents");
        builder.HasKey(incident => incident.Id);
        builder.Property(incident => incident.Id).ValueGeneratedNever();
        builder.HasIndex(incident => incident.StartedAt);
    }
}
