using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using RenderFarm.Coordinator.Jobs;
using RenderFarm.Shared;

namespace RenderFarm.Coordinator.Ledger;

/// <summary>A settled frame: rendered, given up with the reason, or quarantined with it. Frames that wait or are being rendered have no row.</summary>
internal sealed class Frame
{
    public required Guid JobId { get; init; }

    public required long Index { get; init; }

    public required FrameState State { get; init; }

    public required long Seed { get; init; }

    public string? ArtifactKey { get; init; }

    public string? Sha256 { get; init; }

    public long? Bytes { get; init; }

    public int? Width { get; init; }

    public int? Height { get; init; }

    public required Guid AttemptId { get; init; }

    public required string Worker { get; init; }

    public int? RenderMilliseconds { get; init; }

    public string? Error { get; init; }

    public required DateTimeOffset CommittedAt { get; init; }

    /// <summary>The job's version at the commit.</summary>
    public required long Version { get; init; }
}

internal sealed class FrameTable : IEntityTypeConfiguration<Frame>
{
    public void Configure(EntityTypeBuilder<Frame> builder)
    {
        builder.ToTable("frames", table =>
        {
            table.HasCheckConstraint("ck_frames_index", "\"index\" >= 0");
            table.HasCheckConstraint(
                "ck_frames_settled",
                "(state = 'Rendered' AND artifact_key IS NOT NULL AND sha256 IS NOT NULL AND error IS NULL) OR (state IN ('Failed', 'Quarantined') AND artifact_key IS NULL AND error IS NOT NULL)");
        });
        builder.HasKey(frame => new { frame.JobId, frame.Index });
        builder.Property(frame => frame.Index).ValueGeneratedNever();
        builder.HasIndex(frame => new { frame.JobId, frame.Version });
        builder.HasIndex(frame => new { frame.CommittedAt, frame.State });
        builder.HasIndex(frame => frame.JobId).HasFilter("state = 'Quarantined'").HasDatabaseName("ix_frames_quarantined");
        builder.HasOne<Job>().WithMany().HasForeignKey(frame => frame.JobId);
    }
}
