using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using RenderFarm.Coordinator.Jobs;

namespace RenderFarm.Coordinator.Ledger;

/// <summary>Whether a worker has taken a lease.</summary>
internal enum LeaseState
{
    /// <summary>On its way; returns at AcceptBy.</summary>
    Offered,

    /// <summary>Held; returns at LeaseUntil unless renewed.</summary>
    Accepted,
}

/// <summary>Frames [First, First + Count) of a job that one worker may render now. Committed ones have a frame row as well.</summary>
internal sealed class Lease
{
    public required Guid AttemptId { get; init; }

    /// <summary>Grows with each lease of the job.</summary>
    public required long Fence { get; init; }

    public required Guid JobId { get; init; }

    public required long First { get; init; }

    public required int Count { get; init; }

    public required int Tries { get; init; }

    public required int Crashes { get; init; }

    /// <summary>Its one frame is rendered without batch mates.</summary>
    public required bool Alone { get; init; }

    /// <summary>Workers that failed on these frames before, joined by a space.</summary>
    public required string TriedWorkers { get; init; }

    public required string Worker { get; init; }

    public required long WorkerEpoch { get; init; }

    public required LeaseState State { get; init; }

    public required DateTimeOffset OfferedAt { get; init; }

    public required DateTimeOffset AcceptBy { get; init; }

    /// <summary>Null until accepted.</summary>
    public required DateTimeOffset? LeaseUntil { get; init; }

    public long End => First + Count;

    public Strikes Strikes => new(Tries, Crashes, Alone, TriedWorkers);
}

internal sealed class LeaseTable : IEntityTypeConfiguration<Lease>
{
    public void Configure(EntityTypeBuilder<Lease> builder)
    {
        builder.ToTable("leases", table =>
        {
            table.HasCheckConstraint("ck_leases_range", "\"first\" >= 0 AND \"count\" > 0");
            table.HasCheckConstraint("ck_leases_accepted", "(state = 'Accepted') = (lease_until IS NOT NULL)");
        });
        builder.HasKey(lease => lease.AttemptId);
        builder.Ignore(lease => lease.End);
        builder.Ignore(lease => lease.Strikes);
        builder.Property(lease => lease.Alone).HasDefaultValue(false);
        builder.Property(lease => lease.TriedWorkers).HasDefaultValue("");
        builder.Property(lease => lease.AttemptId).ValueGeneratedNever();
        builder.HasIndex(lease => new { lease.JobId, lease.Fence }).IsUnique();
        builder.HasIndex(lease => new { lease.Worker, lease.WorkerEpoch });
        // No index on the deadlines: every heartbeat moves them, and without one PostgreSQL updates the row in place; the table is as small as the farm is wide.
        builder.HasOne<Job>().WithMany().HasForeignKey(lease => lease.JobId);
    }
}
