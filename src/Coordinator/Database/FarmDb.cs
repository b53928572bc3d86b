using Microsoft.EntityFrameworkCore;
using RenderFarm.Coordinator.Jobs;
using RenderFarm.Coordinator.Ledger;
using RenderFarm.Coordinator.Models;
using RenderFarm.Coordinator.Workers;

namespace RenderFarm.Coordinator.Database;

/// <summary>The farm's tables. Spans, leases, frames, attempts and a job's progress are written by the frame ledger only.</summary>
internal abstract class FarmDb(DbContextOptions options) : DbContext(options)
{
    public DbSet<Job> Jobs => Set<Job>();

    public DbSet<JobPage> JobPages => Set<JobPage>();

    public DbSet<Span> Spans => Set<Span>();

    public DbSet<Lease> Leases => Set<Lease>();

    public DbSet<Frame> Frames => Set<Frame>();

    public DbSet<Attempt> Attempts => Set<Attempt>();

    public DbSet<FarmWorker> Workers => Set<FarmWorker>();

    public DbSet<FarmModel> Models => Set<FarmModel>();

    public DbSet<Strike> Strikes => Set<Strike>();

    public DbSet<WorkerBlock> WorkerBlocks => Set<WorkerBlock>();

    public DbSet<Incident> Incidents => Set<Incident>();

    public DbSet<Leadership> Leaderships => Set<Leadership>();

    /// <summary>The database's clock, the only one that several coordinators share.</summary>
    public abstract Task<DateTimeOffset> NowAsync(CancellationToken cancellationToken);

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.ApplyConfiguration(new JobTable());
        modelBuilder.ApplyConfiguration(new JobPageTable());
        modelBuilder.ApplyConfiguration(new SpanTable());
        modelBuilder.ApplyConfiguration(new LeaseTable());
        modelBuilder.ApplyConfiguration(new FrameTable());
        modelBuilder.ApplyConfiguration(new AttemptTable());
        modelBuilder.ApplyConfiguration(new FarmWorkerTable());
        modelBuilder.ApplyConfiguration(new FarmModelTable());
        modelBuilder.ApplyConfiguration(new StrikeTable());
        modelBuilder.ApplyConfiguration(new WorkerBlockTable());
        modelBuilder.ApplyConfiguration(new IncidentTable());
        modelBuilder.ApplyConfiguration(new LeadershipTable());
    }

    protected override void ConfigureConventions(ModelConfigurationBuilder configurationBuilder)
    {
        configurationBuilder.Properties<Shared.JobState>().HaveConversion<string>();
        configurationBuilder.Properties<Shared.JobClass>().HaveConversion<string>();
        configurationBuilder.Properties<Shared.FrameState>().HaveConversion<string>();
        configurationBuilder.Properties<Shared.WorkerState>().HaveConversion<string>();
        configurationBuilder.Properties<Shared.AttemptOutcome>().HaveConversion<string>();
        configurationBuilder.Properties<Shared.ErrorClass>().HaveConversion<string>();
        configurationBuilder.Properties<LeaseState>().HaveConversion<string>();
        configurationBuilder.Properties<BlockScope>().HaveConversion<string>();
    }
}
