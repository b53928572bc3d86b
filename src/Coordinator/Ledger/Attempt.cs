using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using RenderFarm.Coordinator.Jobs;
using RenderFarm.Shared;

namespace RenderFarm.Coordinator.Ledger;

/// <summary>The history of an ended lease.</summary>
internal sealed class Attempt
{
    public required Guid AttemptId { get; init; }

    public required Guid JobId { get; init; }

    public required long Fence { get; init; }

    public required long First { get; init; }

    public required int Count { get; init; }

    /// <summary>Frames of it that were committed, those committed after its end included.</summary>
    public required int Rendered { get; init; }

    public required string Worker { get; init; }

    public required long WorkerEpoch { get; init; }

    /// <summary>When it was offered.</summary>
    public required DateTimeOffset StartedAt { get; init; }

    public required DateTimeOffset EndedAt { get; init; }

    public required AttemptOutcome Outcome { get; init; }

    public ErrorClass? ErrorClass { get; init; }

    public string? Message { get; init; }

    /// <summary>What the render process left behind: the tail of what it wrote, its exit code or signal.</summary>
    public string? Evidence { get; init; }

    /// <summary>Frames that were refused after its end, joined by a space: their objects are deleted, so they never commit.</summary>
    public string? Refused { get; set; }

    public long End => First + Count;
}

internal sealed class AttemptTable : IEntityTypeConfiguration<Attempt>
{
    public void Configure(EntityTypeBuilder<Attempt> builder)
    {
        builder.ToTable("attempts", table => table.HasCheckConstraint("ck_attempts_rendered", "rendered >= 0 AND rendered <= \"count\""));
        builder.HasKey(attempt => attempt.AttemptId);
        builder.Ignore(attempt => attempt.End);
        builder.Property(attempt => attempt.AttemptId).ValueGeneratedNever();
        builder.HasIndex(attempt => new { attempt.JobId, attempt.Fence });
        builder.HasOne<Job>().WithMany().HasForeignKey(attempt => attempt.JobId);
    }
}
