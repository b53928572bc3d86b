using RenderFarm.Cli.Models;
using RenderFarm.TestKit;
using RenderFarm.TestKit.Farms;

namespace RenderFarm.Cli.Tests.Models;

public sealed class LocalModelsTests
{
    // The number of the first process of a system, and of the system itself on Windows.
    private static readonly int AlwaysRuns = OperatingSystem.IsWindows() ? 4 : 1;

    [Fact]
    public void A_link_to_where_the_program_lay_before_is_made_anew()
    {
        using var data = new TemporaryFolder();
        var link = Path.Combine(Directory.CreateDirectory(LocalModels.FolderOf(data.Path)).FullName, "emoji");
        Directory.CreateSymbolicLink(link, Path.Combine(data.Path, "gone", "emoji"));

        Assert.Contains(link, LocalModels.In(LocalModels.Prepare(data.Path)));
    }

    [Fact]
    public void A_copy_that_is_cancelled_leaves_nothing()
    {
        using var data = new TemporaryFolder();
        using var stop = new CancellationTokenSource();
        stop.Cancel();

        Assert.ThrowsAny<OperationCanceledException>(() => LocalModels.Copy(Path.Combine(Repository.Models, "emoji"), data.File("mine"), stop.Token));

        Assert.Empty(Directory.EnumerateFileSystemEntries(data.Path));
    }

    [Fact]
    public void What_a_process_left_that_ended_while_it_copied_a_model_is_no_model_and_goes_at_the_next_start()
    {
        using var data = new TemporaryFolder();
        var models = LocalModels.Prepare(data.Path);
        string[] before = [.. LocalModels.In(models)];
        var (left, earlier, made) = (Unfinished(int.MaxValue), Unfinished(Environment.ProcessId), Unfinished(AlwaysRuns));
        Assert.Equal(before, LocalModels.In(models));

        LocalModels.Prepare(data.Path);

        Assert.Equal((false, false, true), (Directory.Exists(left), Directory.Exists(earlier), Directory.Exists(made)));

        string Unfinished(int process)
        {
            var folder = Directory.CreateDirectory(Path.Combine(models, $"mine.{process}.part")).FullName;
            File.WriteAllText(Path.Combine(folder, "model_index.json"), "{}");
            return folder;
        }
    }
}
