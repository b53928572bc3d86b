using System.Globalization;
using RenderFarm.TestKit;

namespace RenderFarm.Benchmarks.Checkpoints;

/// <summary>What rendering with a checkpoint as it is costs against the same model exported beforehand.</summary>
internal static class CheckpointStart
{
    private const double TimeGoal = 1.3;
    private const double MemoryGoal = 1.05;
    private const double AddedGoal = 5;
    private const double Mebi = 1 << 20;

    public static async Task<Figures> RunAsync(CheckpointSubject subject, int pairs, int side, int steps, CancellationToken cancellationToken)
    {
        // 1. The checkpoint, its folder and its export. All weights of the large one are holes: on disk it is small.
        using var folder = new TemporaryFolder();
        var (file, link, exported, cache) = (folder.File("model.safetensors"), folder.File("added"), folder.File("exported"), folder.File("cache"));
        subject.Write(file);
        var model = subject.Read(file, cancellationToken);
        model.WriteLink(link);
        ExportedCheckpoint.Write(model, subject, exported);
        var exportedBytes = Directory.EnumerateFiles(exported, "*", SearchOption.AllDirectories).Sum(one => new FileInfo(one).Length);
        Task<FirstPicture> OfCheckpoint() => MeasureAsync("checkpoint", link);
        Task<FirstPicture> OfExport() => MeasureAsync("exported", exported);

        // 2. Once to warm the page cache, then by turns.
        _ = (await OfCheckpoint(), await OfExport());
        var measured = new List<(FirstPicture Checkpoint, FirstPicture Exported)>();
        for (var i = 0; i < pairs; i++)
        {
            var before = i % 2 == 0 ? await OfCheckpoint() : null;
            var other = await OfExport();
            measured.Add((before ?? await OfCheckpoint(), other));
            Console.WriteLine($"{i + 1}/{pairs}: {measured[^1]}");
        }

        // 3. What lies on the disk now that did not before.
        var added = new[] { link, cache }.Where(Directory.Exists).SelectMany(one => Directory.EnumerateFiles(one, "*", SearchOption.AllDirectories)).Sum(one => new FileInfo(one).Length);
        return new Figures(
            "A checkpoint against its export",
            "A process of its own loads the model and renders one picture: from the .safetensors file as it is, and from a folder of ONNX networks in float32 as exporters write it, without a cache of optimised networks. Warm page cache, by turns, medians; before each process twice the export's size of memory is touched and freed, for a virtual machine may have to ask its host for every page that was not used lately. Memory is what the process grows by.",
            [
                ("Model", $"{subject.Name}, {model.Family} in {model.Precision}, file of {new FileInfo(file).Length / Mebi:N0} MiB; zeros where it is of full size"),
                ("Picture", $"{side}x{side}, {steps} steps of Euler"),
                ("Pairs", $"{pairs}"),
            ],
            ["Checkpoint", "Export"],
            [
                Ratio("Time to the first picture, s: times the export's", one => one.PictureSeconds, new Goal(IsAtLeast: false, TimeGoal)),
                Ratio("Time until it is loaded, s: times", one => one.LoadedSeconds, null),
                Ratio("Resident memory after it, MiB: times", one => one.ResidentMiB, new Goal(IsAtLeast: false, MemoryGoal)),
                Ratio("Memory at most, MiB: times", one => one.PeakMiB, null),
                new Figure("Added disk, MiB", added / Mebi, new Goal(IsAtLeast: false, AddedGoal), null, exportedBytes / Mebi),
            ]);

        Task<FirstPicture> MeasureAsync(string kind, string path)
        {
            FreshMemory.Touch(2 * exportedBytes);
            return FirstPicture.InChildAsync([kind, path, cache, "--model", subject.Name, "--side", Text(side), "--steps", Text(steps)], cancellationToken);
        }

        Figure Ratio(string name, Func<FirstPicture, double> value, Goal? goal) => new(
            name,
            Report.Median(measured.Select(pair => value(pair.Checkpoint) / value(pair.Exported))),
            goal,
            Report.Median(measured.Select(pair => value(pair.Checkpoint))),
            Report.Median(measured.Select(pair => value(pair.Exported))));
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
