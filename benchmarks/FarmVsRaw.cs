using System.Diagnostics;
using RenderFarm.Client;
using RenderFarm.Diffusion;
using RenderFarm.Shared;
using RenderFarm.Shared.Api;
using RenderFarm.Shared.Settings;
using RenderFarm.TestKit;
using RenderFarm.TestKit.Farms;
using RenderFarm.TestKit.Goldens;

namespace RenderFarm.Benchmarks;

/// <summary>What being a farm costs: images per second of a job over HTTP against <see cref="RawLoop"/>, each waiting while the other runs.</summary>
internal static class FarmVsRaw
{
    private const double Goal = 0.90;

    /// <summary>Images that a farm renders before it is measured.</summary>
    public const int WarmUp = 2 * RawLoop.BatchSize;

    // A batch rounds otherwise than a picture alone, which may move a value of a pixel by one.
    private const double SamePicture = 1;

    /// <summary>What is rendered.</summary>
    public static ImageRequest Picture { get; } = new()
    {
        Prompt = "a pizza on a blue background",
        Width = 128,
        Height = 128,
        Steps = 20,
        Guidance = 7,
        Sampler = Diffusion.SamplerNames.DpmPlusPlus2M,
        Schedule = Diffusion.ScheduleNames.Karras,
    };

    public static async Task<Report> RunAsync(TestFarm farm, int images, int pairs, CancellationToken cancellationToken)
    {
        using var folder = new TemporaryFolder();
        using var raw = new RawLoop(Path.Combine(Repository.Models, "emoji"), Picture);
        var (_, first) = await RenderAsync(farm, WarmUp, cancellationToken);
        raw.Render(WarmUp, folder.Path);
        var difference = await DifferenceAsync(farm, first, folder, cancellationToken);

        var measured = await Report.ByTurnsAsync(
            pairs,
            () => RateAsync(farm, images, cancellationToken),
            () =>
            {
                var start = Stopwatch.GetTimestamp();
                raw.Render(images, folder.Path);
                return Task.FromResult(images / Stopwatch.GetElapsedTime(start).TotalSeconds);
            });
        return new Report(
            "Farm against raw loop",
            "A job over HTTP, from its submit until its end is seen, against the same networks in a plain loop of one process: same session options, batches and PNG files. They run by turns.",
            [
                ("Images", $"{images} of {Picture.Width}x{Picture.Height} with the model emoji, {RawLoop.BatchSize} a batch"),
                ("Rendering", $"{Picture.Steps} steps of {Picture.Sampler} ({Picture.Schedule}), guidance {Picture.Guidance}, on the CPU with a thread per core"),
                ("Difference of the pictures", $"{difference:F3} of 255 in the mean"),
            ],
            "Farm, images/s",
            "Raw loop, images/s",
            measured,
            new Goal(IsAtLeast: true, Goal));
    }

    /// <summary>Images per second of one job.</summary>
    public static async Task<double> RateAsync(TestFarm farm, int images, CancellationToken cancellationToken) =>
        images / (await RenderAsync(farm, images, cancellationToken)).Took.TotalSeconds;

    private static async Task<(TimeSpan Took, JobView Job)> RenderAsync(TestFarm farm, int images, CancellationToken cancellationToken)
    {
        var request = new JobRequest
        {
            Model = "emoji",
            Count = images,
            Settings = new RenderSettings
            {
                Prompt = Picture.Prompt,
                Width = Picture.Width,
                Height = Picture.Height,
                Steps = Picture.Steps,
                Guidance = Picture.Guidance,
                Sampler = Picture.Sampler,
                Schedule = Picture.Schedule,
                Seed = 0,
            },
        };
        var start = Stopwatch.GetTimestamp();
        var job = await farm.Client.SubmitAsync(request, cancellationToken: cancellationToken);
        await foreach (var change in farm.Client.WatchAsync(job.Id, cancellationToken))
        {
            job = change is JobEvent.JobChanged changed ? changed.Job : job;
        }

        var seen = Stopwatch.GetElapsedTime(start);
        var recorded = job.FinishedAt - job.CreatedAt;
        return job.State == JobState.Completed
            ? (recorded > seen ? recorded.Value : seen, job)
            : throw new InvalidOperationException($"The job ended as {job.State}: {job.Error}\n{farm.Log}");
    }

    /// <summary>Fails where the two do not draw the same picture: then they do not do the same work.</summary>
    private static async Task<double> DifferenceAsync(TestFarm farm, JobView job, TemporaryFolder folder, CancellationToken cancellationToken)
    {
        using var image = new MemoryStream();
        await farm.Client.DownloadImageAsync(job.Id, 0, image, cancellationToken);
        var difference = PngFile.Read(image.ToArray()).Rgb.Zip(PngFile.Read(folder.File("0.png")).Rgb, (a, b) => Math.Abs(a - b)).Average();
        return difference <= SamePicture
            ? difference
            : throw new InvalidOperationException($"The farm's picture of seed 0 differs from the raw loop's by {difference:F1} of 255 in the mean; allowed: {SamePicture}.");
    }
}
