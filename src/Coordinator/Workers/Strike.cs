using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using RenderFarm.Shared;

namespace RenderFarm.Coordinator.Workers;

/// <summary>A lease that a worker failed by what may be its own fault.</summary>
internal sealed class Strike
{
    public required Guid Id { get; init; }

    public required string Worker { get; init; }

    public required long WorkerEpoch { get; init; }

    public required Guid JobId { get; init; }

    public required string Model { get; init; }

    public required Guid AttemptId { get; init; }

    public required ErrorClass ErrorClass { get; init; }

    public required DateTimeOffset At { get; init; }

    /// <summary>It happened during an incident of the farm, and counts for nothing.</summary>
    public bool IsVoid { get; set; }
}

internal sealed class StrikeTable : IEntityTypeConfiguration<Strike>
{
    public void Configure(EntityTypeBuilder<Strike> builder)
    {
        builder.ToTable("strikes");
        builder.HasKey(strike => strike.Id);
        builder.Property(strike => strike.Id).ValueGeneratedNever();
        builder.Property(strike => strike.IsVoid).HasDefaultValue(false);
        builder.HasIndex(strike => new { strike.Worker, strike.At });
        builder.HasIndex(strike => strike.At);
        builder.HasIndex(strike => strike.AttemptId).IsUnique();
    }
}
