using Microsoft.EntityFrameworkCore;
using RenderFarm.Coordinator.Database;

namespace RenderFarm.Coordinator.Jobs;

/// <summary>Which prompt and seed a frame has, reading only the pages that are asked for.</summary>
internal static class JobPrompts
{
    /// <summary>Index of a frame's prompt among the job's distinct prompts.</summary>
    public static int PromptOf(Job job, long frame) => checked((int)(frame / job.Count));

    /// <summary>Seed of a frame's noise: each prompt uses the job's seed, seed + 1, ..., or each frame as many as it chooses from.</summary>
    public static long SeedOf(Job job, long frame) =>
        (job.Settings.Seed ?? throw new InvalidOperationException($"Job {job.Id} has no seed; one is drawn when it is submitted.")) + (frame % job.Count * job.BestOf);

    /// <summary>Distinct prompts of each range of frames, in order; the first is that of the range's first frame. One statement for all of them.</summary>
    public static async Task<IReadOnlyList<IReadOnlyList<string>>> ReadAsync(FarmDb db, IReadOnlyList<PromptRange> ranges, CancellationToken cancellationToken)
    {
        if (ranges.FirstOrDefault(range => range.First < 0 || range.Count <= 0 || range.First + range.Count > range.Job.FrameCount) is { } wrong)
        {
            throw new ArgumentOutOfRangeException(
                nameof(ranges), $"Frames [{wrong.First}, {wrong.First + wrong.Count}) are not inside [0, {wrong.Job.FrameCount}) of job {wrong.Job.Id}.");
        }

        var wanted = ranges.Where(range => range.Job.Settings.Prompt is null).SelectMany(PagesOf).Distinct().ToList();
        var pages = (await PagesAsync(db, wanted, cancellationToken)).ToDictionary(page => (page.JobId, page.PageNo), page => page.Prompts);
        return [.. ranges.Select(range => range.Job.Settings.Prompt is { } prompt ? [prompt] : Cut(range, [.. PagesOf(range).SelectMany(page => pages[page])]))];
    }

    private static IEnumerable<(Guid JobId, int PageNo)> PagesOf(PromptRange range)
    {
        var (first, last) = (range.FirstPrompt / JobPage.Size, range.LastPrompt / JobPage.Size);
        return Enumerable.Range(first, last - first + 1).Select(page => (range.Job.Id, page));
    }

    private static List<string> Cut(PromptRange range, List<string> prompts) => prompts.GetRange(range.FirstPrompt % JobPage.Size, range.LastPrompt - range.FirstPrompt + 1);

    private static async Task<List<JobPage>> PagesAsync(FarmDb db, List<(Guid JobId, int PageNo)> wanted, CancellationToken cancellationToken)
    {
        if (wanted.Count == 0)
        {
            return [];
        }

        var values = string.Join(", ", wanted.Select((_, number) => $"({{{number * 2}}}, {{{(number * 2) + 1}}})"));
        var parameters = wanted.SelectMany(page => new object[] { page.JobId, page.PageNo }).ToArray();
        // Numbers of parameters, and nothing else, go into the text.
#pragma warning disable EF1002
        var pages = db.JobPages.FromSqlRaw($"SELECT p.* FROM job_pages p JOIN (VALUES {values}) w ON p.job_id = w.column1 AND p.page_no = w.column2", parameters);
#pragma warning restore EF1002
        return await pages.AsNoTracking().ToListAsync(cancellationToken);
    }
}

/// <summary>Frames [First, First + Count) of a job, whose prompts are asked for.</summary>
internal sealed record PromptRange(Job Job, long First, long Count)
{
    public int FirstPrompt => JobPrompts.PromptOf(Job, First);

    public int LastPrompt => JobPrompts.PromptOf(Job, First + Count - 1);
}
