using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using RenderFarm.Coordinator.Database;
using RenderFarm.Shared;
using RenderFarm.Shared.Settings;

namespace RenderFarm.Coordinator.Jobs;

/// <summary>What a user submitted and how far it is. Its state changes only through the methods here, called by the ledger.</summary>
internal sealed class Job
{
    /// <summary>Version 7 UUID, so that ids sort by time.</summary>
    public required Guid Id { get; init; }

    public string Tenant { get; init; } = "default";

    public string Name { get; init; } = "";

    public JobState State { get; private set; } = JobState.Queued;

    public required JobClass Class { get; init; }

    public required int Priority { get; init; }

    public required string Model { get; init; }

    /// <summary>Digest of the model when the job was accepted.</summary>
    public required string ModelDigest { get; init; }

    /// <summary>Everything filled in: width, height, seed.</summary>
    public required RenderSettings Settings { get; init; }

    public required OutputSettings Output { get; init; }

    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>();

    /// <summary>Frames of each prompt: frame i shows prompt i / Count with seed + i % Count * BestOf.</summary>
    public required long Count { get; init; }

    /// <summary>Pictures rendered for each frame, of which the best is kept.</summary>
    public int BestOf { get; init; } = 1;

    public required int PromptCount { get; init; }

    /// <summary>Count times PromptCount.</summary>
    public required long FrameCount { get; init; }

    /// <summary>Frames of a lease at most: its offer carries their prompts and stays under 64 KiB.</summary>
    public int LeaseLimit { get; init; } = OfferSize.MaxFrames;

    public long Rendered { get; private set; }

    public long Failed { get; private set; }

    public long Cancelled { get; private set; }

    /// <summary>Frames set aside because render processes died over them; they are not settled yet.</summary>
    public long Quarantined { get; private set; }

    /// <summary>How long it is kept after its end; null for as long as the farm keeps jobs.</summary>
    public TimeSpan? RetainFor { get; init; }

    /// <summary>Sum over the rendered frames.</summary>
    public long RenderMilliseconds { get; private set; }

    /// <summary>Fence of the next lease; only grows.</summary>
    public long NextFence { get; private set; } = 1;

    /// <summary>Grows by one in every transaction that changes the job or its frames, under the job's row lock: readers of its events rely on it.</summary>
    public long Version { get; private set; } = 1;

    /// <summary>By the database's clock.</summary>
    public DateTimeOffset CreatedAt { get; private set; }

    public DateTimeOffset? StartedAt { get; private set; }

    public DateTimeOffset? FinishedAt { get; private set; }

    /// <summary>First error of a frame.</summary>
    public string? Error { get; private set; }

    public string? IdempotencyKey { get; init; }

    /// <summary>Of the request that came with the key: the same key with another request is refused.</summary>
    public string? RequestHash { get; init; }

    public bool IsTerminal => State is JobState.Completed or JobState.Failed or JobState.Cancelled;

    /// <summary>Whether frames of it may go to workers.</summary>
    public bool CanLease => State is JobState.Queued or JobState.Running;

    /// <summary>Frames in spans and leases, and quarantined ones.</summary>
    public long Unsettled => FrameCount - Rendered - Failed - Cancelled;

    /// <summary>The job enters the queue.</summary>
    public void Submit(DateTimeOffset now) => CreatedAt = now;

    /// <summary>Frames go to a worker; the answer is the lease's fence.</summary>
    public long Lease(DateTimeOffset now)
    {
        Require("leased", JobState.Queued, JobState.Running);
        State = JobState.Running;
        StartedAt ??= now;
        return NextFence++;
    }

    /// <summary>Frames were stored.</summary>
    public void Render(int frames, long renderMilliseconds, DateTimeOffset now)
    {
        Require("rendered", JobState.Running);
        Rendered += frames;
        RenderMilliseconds += renderMilliseconds;
        FinishWhenSettled(now);
    }

    /// <summary>Frames were given up.</summary>
    public void GiveUp(int frames, string error, DateTimeOffset now)
    {
        Require("given up", JobState.Running);
        Failed += frames;
        Error ??= error;
        FinishWhenSettled(now);
    }

    /// <summary>Frames were set aside; the job stays as it is until they are requeued or dropped.</summary>
    public void Quarantine(int frames, string error)
    {
        Require("quarantined", JobState.Running);
        Quarantined += frames;
        Error ??= error;
    }

    /// <summary>Quarantined frames wait again.</summary>
    public void Requeue(int frames)
    {
        Require("requeued", JobState.Running, JobState.Paused);
        Quarantined -= frames;
    }

    /// <summary>Quarantined frames are given up.</summary>
    public void Drop(int frames, DateTimeOffset now)
    {
        Require("dropped", JobState.Running, JobState.Paused);
        (Quarantined, Failed) = (Quarantined - frames, Failed + frames);
        FinishWhenSettled(now);
    }

    /// <summary>Nothing of it goes to workers, and nothing of it is taken from them.</summary>
    public void Pause()
    {
        Require("paused", JobState.Queued, JobState.Running);
        State = JobState.Paused;
    }

    /// <summary>It goes on where it was.</summary>
    public void Resume()
    {
        Require("resumed", JobState.Paused);
        State = StartedAt is null ? JobState.Queued : JobState.Running;
    }

    /// <summary>What is not settled never will be; what is quarantined has failed.</summary>
    public void Cancel(DateTimeOffset now)
    {
        Require("cancelled", JobState.Queued, JobState.Running, JobState.Paused);
        (Quarantined, Failed) = (0, Failed + Quarantined);
        Cancelled = Unsettled;
        State = JobState.Cancelled;
        FinishedAt = now;
    }

    /// <summary>Once in each transaction that changes the job or its frames.</summary>
    public long NextVersion() => ++Version;

    private void FinishWhenSettled(DateTimeOffset now)
    {
        if (Unsettled == 0)
        {
            State = Rendered > 0 ? JobState.Completed : JobState.Failed;
            FinishedAt = now;
        }
    }

    private void Require(string change, params ReadOnlySpan<JobState> allowed)
    {
        if (!allowed.Contains(State))
        {
            throw new InvalidOperationException($"Job {Id} is {State}; only a job that is {string.Join(" or ", allowed.ToArray())} can be {change}.");
        }
    }
}

internal sealed class JobTable : IEntityTypeConfiguration<Job>
{
    public void Configure(EntityTypeBuilder<Job> builder)
    {
        builder.ToTable("jobs", table =>
        {
            table.HasCheckConstraint("ck_jobs_counters", "rendered >= 0 AND failed >= 0 AND cancelled >= 0 AND quarantined >= 0 AND rendered + failed + cancelled + quarantined <= frame_count");
            table.HasCheckConstraint("ck_jobs_frames", "frame_count > 0 AND frame_count = \"count\" * prompt_count");
            table.HasCheckConstraint("ck_jobs_finished", "(state IN ('Completed', 'Failed', 'Cancelled')) = (finished_at IS NOT NULL)");
            table.HasCheckConstraint("ck_jobs_settled", "(state IN ('Completed', 'Failed', 'Cancelled')) = (rendered + failed + cancelled = frame_count)");
            table.HasCheckConstraint("ck_jobs_started", "state <> 'Running' OR started_at IS NOT NULL");
            table.HasCheckConstraint("ck_jobs_key", "(idempotency_key IS NULL) = (request_hash IS NULL)");
            table.HasCheckConstraint("ck_jobs_growing", "next_fence > 0 AND version > 0 AND render_milliseconds >= 0");
        });
        builder.Ignore(job => job.IsTerminal);
        builder.Ignore(job => job.CanLease);
        builder.Ignore(job => job.Unsettled);
        builder.Property(job => job.Id).ValueGeneratedNever();
        builder.Property(job => job.Quarantined).HasDefaultValue(0L);
        builder.Property(job => job.Settings).IsJson();
        builder.Property(job => job.Output).IsJson();
        builder.Property(job => job.Labels).IsJson();
        builder.HasIndex(job => new { job.Tenant, job.IdempotencyKey }).IsUnique();
        builder.HasIndex(job => new { job.Tenant, job.State, job.Id });
        builder.HasIndex(job => job.FinishedAt).HasFilter("finished_at IS NOT NULL");
    }
}
