using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using RenderFarm.Coordinator.Database;

namespace RenderFarm.Coordinator.Jobs;

/// <summary>Distinct prompts of a job, packed: page n holds prompts [n * Size, (n + 1) * Size).</summary>
internal sealed class JobPage
{
    /// <summary>Prompts of a full page: with prompts of usual length a page is some tens of kilobytes, one read for many leases.</summary>
    public const int Size = 500;

    public required Guid JobId { get; init; }

    public required int PageNo { get; init; }

    public required IReadOnlyList<string> Prompts { get; init; }

    /// <summary>All pages of a job.</summary>
    public static IEnumerable<JobPage> Pack(Guid jobId, IReadOnlyList<string> prompts) =>
        prompts.Chunk(Size).Select((page, number) => new JobPage { JobId = jobId, PageNo = number, Prompts = page });
}

internal sealed class JobPageTable : IEntityTypeConfiguration<JobPage>
{
    public void Configure(EntityTypeBuilder<JobPage> builder)
    {
        builder.ToTable("job_pages");
        builder.HasKey(page => new { page.JobId, page.PageNo });
        builder.Property(page => page.PageNo).ValueGeneratedNever();
        builder.Property(page => page.Prompts).IsJson();
        builder.HasOne<Job>().WithMany().HasForeignKey(page => page.JobId);
    }
}
