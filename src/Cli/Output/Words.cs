using System.Globalization;
using RenderFarm.Shared.Api;

namespace RenderFarm.Cli.Output;

/// <summary>Counts, sizes and times as people read them.</summary>
internal static class Words
{
    public static string Images(long count) => count == 1 ? "1 image" : string.Create(CultureInfo.InvariantCulture, $"{count:N0} images");

    public static string Pace(double imagesPerSecond) => imagesPerSecond switch
    {
        >= 0.1 => string.Create(CultureInfo.InvariantCulture, $"{imagesPerSecond:0.0} images/s"),
        > 0 => string.Create(CultureInfo.InvariantCulture, $"{1 / imagesPerSecond:0} s/image"),
        _ => "",
    };

    public static string Time(double seconds) => seconds switch
    {
        < 60 => string.Create(CultureInfo.InvariantCulture, $"{Math.Ceiling(seconds):0} s"),
        < 3600 => string.Create(CultureInfo.InvariantCulture, $"{(int)seconds / 60} min {(int)seconds % 60} s"),
        < 86400 => string.Create(CultureInfo.InvariantCulture, $"{(int)seconds / 3600} h {(int)seconds / 60 % 60} min"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{(int)(seconds / 86400)} d {(int)seconds / 3600 % 24} h"),
    };

    public static string Bytes(long bytes) => bytes switch
    {
        < 1 << 20 => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1024.0:0.0} KiB"),
        < 1 << 30 => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1048576.0:0.0} MiB"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1073741824.0:0.0} GiB"),
    };

    /// <summary>How far a job is: <c>12/64 images, 2.1 images/s, 25 s left</c>.</summary>
    public static string Progress(JobView job)
    {
        List<string> parts = [string.Create(CultureInfo.InvariantCulture, $"{job.Rendered:N0}/{job.FrameCount:N0} images")];
        if (job.Failed > 0)
        {
            parts.Add($"{job.Failed} failed");
        }

        if (job.Quarantined > 0)
        {
            parts.Add($"{job.Quarantined} in quarantine");
        }

        if (job.State == Shared.JobState.Paused)
        {
            parts.Add("paused");
        }

        if (job.ImagesPerSecond is { } pace)
        {
            parts.Add(Pace(pace));
        }

        if (job.EtaSeconds is { } eta)
        {
            parts.Add($"{Time(eta)} left");
        }

        return string.Join(", ", parts);
    }
}
