using RenderFarm.TestKit;

namespace RenderFarm.EndToEnd.Faults.Servers;

public sealed class ClockTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact(Explicit = true)]
    public async Task F15_Clocks_that_are_ten_minutes_off_and_one_that_is_set_in_the_middle_cost_no_lease()
    {
        await using var farm = await Broken.FarmAsync();
        using var folder = new TemporaryFolder();
        var (ofCoordinator, ofWorker) = (folder.File("coordinator"), folder.File("worker"));
        await File.WriteAllTextAsync(ofCoordinator, "+10m", Cancellation);
        await File.WriteAllTextAsync(ofWorker, "-10m", Cancellation);
        await farm.StartCoordinatorAsync("coordinator", Cancellation, settings: Clock(ofCoordinator));
        await farm.StartWorkerAsync("worker", Cancellation, settings: Clock(ofWorker));
        var job = await farm.SubmitAsync(Broken.Job(count: 80));
        await farm.JobAsync(job.Id, x => x.Rendered >= 8, Broken.Patience, Cancellation);
        await File.WriteAllTextAsync(ofWorker, "+10m", Cancellation);
        await File.WriteAllTextAsync(ofCoordinator, "-10m", Cancellation);

        await farm.EndsWholeAsync(job);
        Assert.Equal(0, await farm.BlamedAsync(job));
        Assert.Equal(0, await farm.CountAsync("SELECT COUNT(*) FROM attempts WHERE outcome = 'Expired'", Cancellation));
    }

    /// <summary>The wall clock of a process is off by what the file says, and changes with the file; durations are not touched.</summary>
    private static Dictionary<string, string> Clock(string file) => new()
    {
        ["LD_PRELOAD"] = Directory.EnumerateFiles("/usr/lib", "libfaketime.so.1", new EnumerationOptions { RecurseSubdirectories = true, MaxRecursionDepth = 2 }).FirstOrDefault()
            ?? throw new InvalidOperationException("libfaketime is not installed: apt-get install libfaketime, or run ./eng/test --chaos as root."),
        ["FAKETIME_TIMESTAMP_FILE"] = file,
        ["FAKETIME_CACHE_DURATION"] = "1",
        ["FAKETIME_DONT_FAKE_MONOTONIC"] = "1",
        ["DONT_FAKE_MONOTONIC"] = "1",
    };
}
