using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using RenderFarm.Diffusion;
using RenderFarm.Diffusion.Models;

namespace RenderFarm.Benchmarks.Checkpoints;

/// <summary>What a process needs from nothing to its first picture.</summary>
/// <param name="LoadedSeconds">Until the model is loaded.</param>
/// <param name="PictureSeconds">Until the picture is there.</param>
/// <param name="ResidentMiB">By how much the process has grown then.</param>
/// <param name="PeakMiB">By how much it had grown at most.</param>
internal sealed record FirstPicture(double LoadedSeconds, double PictureSeconds, double ResidentMiB, double PeakMiB)
{
    /// <summary>The command that measures, in a process of its own.</summary>
    public const string Child = "first-picture";

    private const double KibibytesOfMiB = 1024;

    /// <summary>Loads the model, renders a picture and prints what it took.</summary>
    public static void Measure(CheckpointSubject subject, bool isExported, string folder, string cache, int side, int steps)
    {
        var before = Status("VmRSS:");
        var start = Stopwatch.GetTimestamp();

        // As a worker loads: nothing is hashed, and what an export states is believed.
        var model = isExported ? ModelFolder.Open(folder, verifyDigest: false) : subject.ReadLinked(folder);
        using var pipeline = DiffusionPipeline.Load(model, new PipelineOptions { VerifyDigest = false, CacheFolder = isExported ? null : cache });
        var loaded = Stopwatch.GetElapsedTime(start).TotalSeconds;
        pipeline.Render([new ImageRequest { Prompt = "a dog", Steps = steps, Sampler = SamplerNames.Euler, Seed = 1, Width = side, Height = side }]);
        var picture = Stopwatch.GetElapsedTime(start).TotalSeconds;
        GC.Collect();
        Console.WriteLine(JsonSerializer.Serialize(new FirstPicture(loaded, picture, (Status("VmRSS:") - before) / KibibytesOfMiB, (Status("VmHWM:") - before) / KibibytesOfMiB)));
    }

    public static async Task<FirstPicture> InChildAsync(IEnumerable<string> arguments, CancellationToken cancellationToken)
    {
        using var child = Process.Start(new ProcessStartInfo(Environment.ProcessPath!, [Child, .. arguments]) { RedirectStandardOutput = true })!;
        var text = await child.StandardOutput.ReadToEndAsync(cancellationToken);
        await child.WaitForExitAsync(cancellationToken);
        return child.ExitCode == 0
            ? JsonSerializer.Deserialize<FirstPicture>(text)!
            : throw new InvalidOperationException($"The process that measures ended with {child.ExitCode}: {text}");
    }

    /// <summary>A line of the kernel's status of this process, in KiB.</summary>
    private static double Status(string name) =>
        double.Parse(File.ReadLines("/proc/self/status").First(line => line.StartsWith(name, StringComparison.Ordinal))[name.Length..].Replace("kB", "", StringComparison.Ordinal), CultureInfo.InvariantCulture);
}
