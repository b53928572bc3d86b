using System.Diagnostics;
using RenderFarm.Diffusion.Checkpoints.Recognition;
using RenderFarm.TestKit;

namespace RenderFarm.Benchmarks.Checkpoints;

/// <summary>What adding a checkpoint costs against hashing its file, and how soon it is recognised.</summary>
internal static class CheckpointAdd
{
    private const double AddGoal = 1.2;
    private const double RecognizeGoal = 100;
    private const double Mebi = 1 << 20;

    public static async Task<Figures> RunAsync(CheckpointSubject subject, int pairs, CancellationToken cancellationToken)
    {
        using var folder = new TemporaryFolder();
        var file = folder.File("model.safetensors");
        subject.Write(file);

        // The first time in a process also compiles what reads headers.
        var cold = Recognize(file);
        var warm = Enumerable.Range(0, 2 * pairs).Select(_ => Recognize(file)).Order().ElementAt(pairs);

        // Once to warm the page cache, then by turns.
        await SumAsync(file, cancellationToken);
        var number = 0;
        var measured = await Report.ByTurnsAsync(pairs, () => Task.FromResult(Add(subject, file, folder.File($"added{number++}"), cancellationToken)), () => SumAsync(file, cancellationToken));
        return new Figures(
            "Adding a checkpoint",
            "Reading the file as a model, hashing it and writing the folder that stands for it, against sha256sum in a process of its own, by turns; medians. Recognising reads the header and tells what the file is.",
            [("Model", $"{subject.Name}, file of {new FileInfo(file).Length / Mebi:N0} MiB in a warm page cache; zeros where it is of full size"), ("Pairs", $"{pairs}")],
            ["Adding, ms", "sha256sum, ms"],
            [
                new Figure("Adding: times sha256sum", Report.Median(measured.Select(pair => pair.Ratio)), new Goal(IsAtLeast: false, AddGoal), Report.Median(measured.Select(pair => pair.First)), Report.Median(measured.Select(pair => pair.Second))),
                new Figure("Recognising, ms, the first time in a process", cold, new Goal(IsAtLeast: false, RecognizeGoal), null, null),
                new Figure("Recognising, ms", warm, new Goal(IsAtLeast: false, RecognizeGoal), null, null),
            ]);
    }

    private static double Recognize(string file)
    {
        var start = Stopwatch.GetTimestamp();
        RecognizedCheckpoint.Read(file);
        return Stopwatch.GetElapsedTime(start).TotalMilliseconds;
    }

    private static double Add(CheckpointSubject subject, string file, string target, CancellationToken cancellationToken)
    {
        var start = Stopwatch.GetTimestamp();
        subject.Read(file, cancellationToken).WriteLink(target);
        return Stopwatch.GetElapsedTime(start).TotalMilliseconds;
    }

    private static async Task<double> SumAsync(string file, CancellationToken cancellationToken)
    {
        var start = Stopwatch.GetTimestamp();
        using var sum = Process.Start(new ProcessStartInfo("sha256sum", [file]) { RedirectStandardOutput = true })!;
        await sum.StandardOutput.ReadToEndAsync(cancellationToken);
        await sum.WaitForExitAsync(cancellationToken);
        return sum.ExitCode == 0 ? Stopwatch.GetElapsedTime(start).TotalMilliseconds : throw new InvalidOperationException($"sha256sum ended with {sum.ExitCode}.");
    }
}
