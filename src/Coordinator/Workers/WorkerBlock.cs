using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace RenderFarm.Coordinator.Workers;

/// <summary>What a worker is kept from.</summary>
internal enum BlockScope
{
    /// <summary>One job; the target is its id.</summary>
    Job,

    /// <summary>One model; the target is its name.</summary>
    Model,
}

/// <summary>What a worker is blocked for, and why.</summary>
internal sealed record BlockTarget(BlockScope Scope, string Target, string Reason);

/// <summary>A worker that is not to be given a certain job or model.</summary>
internal sealed class WorkerBlock
{
    public required string Worker { get; init; }

    public required BlockScope Scope { get; init; }

    public required string Target { get; init; }

    public required string Reason { get; set; }

    public required DateTimeOffset Since { get; set; }

    /// <summary>Null for until somebody lifts it.</summary>
    public DateTimeOffset? Until { get; set; }
}

internal sealed class WorkerBlockTable : IEntityTypeConfiguration<WorkerBlock>
{
    public void Configure(EntityTypeBuilder<WorkerBlock> builder)
    {
        builder.ToTable("worker_blocks");
        builder.HasKey(block => new { block.Worker, block.Scope, block.Target });
    }
}
