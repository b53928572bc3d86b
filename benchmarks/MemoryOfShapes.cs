using System.Diagnostics;
using System.Globalization;
using RenderFarm.Diffusion;
using RenderFarm.TestKit.Farms;

namespace RenderFarm.Benchmarks;

/// <summary>What a model takes that has rendered batches of four shapes, against one that has rendered the largest: the weights are there once.</summary>
internal static class MemoryOfShapes
{
    /// <summary>The command that measures, in a process of its own.</summary>
    public const string Child = "measure-memory";

    private const double Goal = 1.3;
    private const double Mebi = 1 << 20;

    private static readonly int[] Shapes = [1, 2, 4, 8];

    public static async Task<Report> RunAsync(int pairs, CancellationToken cancellationToken) => new(
        "Memory of four shapes",
        "What a process grows by (resident set) when it loads a pipeline and renders batches of four sizes, against one that renders the largest only. Each in a process of its own, by turns.",
        [("Batches", $"{string.Join(", ", Shapes)} pictures of 128x128 with the model emoji, against {Shapes[^1]}")],
        "Four shapes, MiB",
        "One shape, MiB",
        await Report.ByTurnsAsync(pairs, () => InChildAsync(Shapes, cancellationToken), () => InChildAsync(Shapes[^1..], cancellationToken)),
        new Goal(IsAtLeast: false, Goal));

    /// <summary>Renders the batches and prints by how many bytes the process has grown.</summary>
    public static void Measure(IEnumerable<int> batches)
    {
        var before = Resident();
        using var pipeline = DiffusionPipeline.Load(Path.Combine(Repository.Models, "emoji"), new PipelineOptions { VerifyDigest = false });
        foreach (var size in batches)
        {
            pipeline.Render([.. Enumerable.Range(0, size).Select(seed => new ImageRequest { Prompt = "a pizza", Steps = 4, Seed = seed })]);
        }

        GC.Collect();
        Console.WriteLine((Resident() - before).ToString(CultureInfo.InvariantCulture));
    }

    private static long Resident()
    {
        using var self = Process.GetCurrentProcess();
        return self.WorkingSet64;
    }

    private static async Task<double> InChildAsync(int[] batches, CancellationToken cancellationToken)
    {
        using var child = Process.Start(new ProcessStartInfo(Environment.ProcessPath!, [Child, .. batches.Select(size => size.ToString(CultureInfo.InvariantCulture))]) { RedirectStandardOutput = true })!;
        var text = await child.StandardOutput.ReadToEndAsync(cancellationToken);
        await child.WaitForExitAsync(cancellationToken);
        return child.ExitCode == 0
            ? long.Parse(text.AsSpan().Trim(), NumberStyles.None, CultureInfo.InvariantCulture) / Mebi
            : throw new InvalidOperationException($"The process that measures ended with {child.ExitCode}: {text}");
    }
}
