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

    /// <summary>Distinct prompts of the frames [first, first + count), in order; the first is that of <paramref name="first"/>.</summary>
    public static async Task<IReadOnlyList<string>> ReadAsync(FarmDb db, Job job, long first, long count, CancellationToken cancellationToken)
    {
        if (first < 0 || count <= 0 || first + count > job.FrameCount)
        {
            throw new ArgumentOutOfRangeException(nameof(first), $"Frames [{first}, {first + count}) are not inside [0, {job.FrameCount}) of job {job.Id}.");
        }

        if (job.Settings.Prompt is { } prompt)
        {
            return [prompt];
        }

        var (from, to) = (PromptOf(job, first), PromptOf(job, first + count - 1));
        var (firstPage, lastPage) = (from / JobPage.Size, to / JobPage.Size);
        var pages = await db.JobPages.AsNoTracking()
            .Where(page => page.JobId == job.Id && page.PageNo >= firstPage && page.PageNo <= lastPage)
            .OrderBy(page => page.PageNo)
            .Select(page => page.Prompts)
            .ToListAsync(cancellationToken);
        return [.. pages.SelectMany(page => page).Skip(from - (firstPage * JobPage.Size)).Take(to - from + 1)];
    }
}
