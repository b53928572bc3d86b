using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using RenderFarm.Coordinator.Database;
using RenderFarm.Shared;
using RenderFarm.Shared.Protocol;

namespace RenderFarm.Coordinator.Workers;

/// <summary>What the farm knows of a worker, by its name; a restart brings a new epoch into the same row.</summary>
internal sealed class FarmWorker
{
    public required string Name { get; init; }

    public required long Epoch { get; set; }

    public required WorkerState State { get; set; }

    public required string Version { get; set; }

    public required string Device { get; set; }

    public required int Slots { get; set; }

    public required int Window { get; set; }

    public required int BatchSize { get; set; }

    public required long MemoryBytes { get; set; }

    public required IReadOnlyList<WorkerModel> Models { get; set; }

    public IReadOnlyList<string> WarmModels { get; set; } = [];

    public long ResidentBytes { get; set; }

    /// <summary>Frames committed by this epoch.</summary>
    public long Rendered { get; set; }

    public required DateTimeOffset JoinedAt { get; set; }

    public required DateTimeOffset LastSeenAt { get; set; }

    public long HeartbeatSequence { get; set; }

    /// <summary>Why it drains; null when it does not.</summary>
    public string? DrainReason { get; set; }

    public IReadOnlyList<SlotStatus> SlotStatus { get; set; } = [];

    /// <summary>Finished pictures of it that are not committed yet.</summary>
    public long SpoolBytes { get; set; }

    /// <summary>It cannot store pictures at the moment.</summary>
    public bool StoreIsAway { get; set; }
}

internal sealed class FarmWorkerTable : IEntityTypeConfiguration<FarmWorker>
{
    public void Configure(EntityTypeBuilder<FarmWorker> builder)
    {
        builder.ToTable("workers", table => table.HasCheckConstraint("ck_workers_slots", "slots > 0 AND \"window\" > 0 AND batch_size > 0"));
        builder.HasKey(worker => worker.Name);
        builder.Property(worker => worker.Models).IsJson();
        builder.Property(worker => worker.WarmModels).IsJson();
        builder.Property(worker => worker.SlotStatus).IsJson().HasDefaultValueSql("'[]'");
        builder.Property(worker => worker.SpoolBytes).HasDefaultValue(0L);
        builder.Property(worker => worker.StoreIsAway).HasDefaultValue(false);
    }
}
