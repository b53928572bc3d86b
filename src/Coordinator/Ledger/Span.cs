using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using RenderFarm.Coordinator.Jobs;
using RenderFarm.Shared;

namespace RenderFarm.Coordinator.Ledger;

/// <summary>Frames [First, First + Count) of a job that wait. Carries the job's place in the queue, so that the head of the queue is one index read.</summary>
internal sealed class Span
{
    /// <summary>From this rank on nothing is offered.</summary>
    public const short PausedRank = 100;

    public required Guid JobId { get; init; }

    public required long First { get; init; }

    public required long Count { get; init; }

    /// <summary>Times that a worker failed these frames by its own fault.</summary>
    public required int Tries { get; init; }

    /// <summary>Render processes that died over these frames.</summary>
    public required int Crashes { get; init; }

    /// <summary>They are rendered one by one, after a death.</summary>
    public required bool Alone { get; init; }

    /// <summary>Workers that failed on these frames, joined by a space.</summary>
    public required string TriedWorkers { get; init; }

    public required DateTimeOffset AvailableAt { get; init; }

    /// <summary>The job's class as a number: lower goes first. From <see cref="PausedRank"/> on, nothing goes.</summary>
    public required short Rank { get; init; }

    public required int Priority { get; init; }

    /// <summary>The job's CreatedAt.</summary>
    public required DateTimeOffset SubmittedAt { get; init; }

    public long End => First + Count;

    public Strikes Strikes => new(Tries, Crashes, Alone, TriedWorkers);

    /// <summary>Frames of a job that wait, at the job's place in the queue.</summary>
    public static Span Of(Job job, long first, long count, Strikes strikes, DateTimeOffset availableAt) => new()
    {
        JobId = job.Id,
        First = first,
        Count = count,
        Tries = strikes.Tries,
        Crashes = strikes.Crashes,
        Alone = strikes.Alone,
        TriedWorkers = strikes.TriedWorkers,
        AvailableAt = availableAt,
        Rank = RankOf(job),
        Priority = job.Priority,
        SubmittedAt = job.CreatedAt,
    };

    /// <summary>The class as a number; spans of a paused job lie behind all that may be offered.</summary>
    public static short RankOf(Job job) => (short)(RankOf(job.Class) + (job.State == JobState.Paused ? PausedRank : 0));

    public static short RankOf(JobClass jobClass) => jobClass switch
    {
        JobClass.Interactive => 0,
        JobClass.Standard => 1,
        JobClass.Batch => 2,
        _ => throw new ArgumentOutOfRangeException(nameof(jobClass), jobClass, "Known classes are Interactive, Standard and Batch."),
    };
}

internal sealed class SpanTable : IEntityTypeConfiguration<Span>
{
    public void Configure(EntityTypeBuilder<Span> builder)
    {
        builder.ToTable("spans", table =>
        {
            table.HasCheckConstraint("ck_spans_range", "\"first\" >= 0 AND \"count\" > 0");
            table.HasCheckConstraint("ck_spans_strikes", "tries >= 0 AND crashes >= 0");
        });
        builder.HasKey(span => new { span.JobId, span.First });
        builder.Ignore(span => span.End);
        builder.Ignore(span => span.Strikes);
        builder.Property(span => span.Alone).HasDefaultValue(false);
        builder.Property(span => span.TriedWorkers).HasDefaultValue("");
        builder.Property(span => span.First).ValueGeneratedNever();
        builder.HasIndex(span => new { span.Rank, span.Priority, span.SubmittedAt, span.JobId, span.First }).IsDescending(false, true, false, false, false).HasDatabaseName("ix_spans_queue");
        builder.HasOne<Job>().WithMany().HasForeignKey(span => span.JobId);
    }
}
