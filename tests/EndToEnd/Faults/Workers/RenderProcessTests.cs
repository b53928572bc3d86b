using System.Diagnostics;
using System.Text.RegularExpressions;
using RenderFarm.Shared;
using RenderFarm.TestKit.Faults;

namespace RenderFarm.EndToEnd.Faults.Workers;

public sealed class RenderProcessTests
{
    private static readonly TimeSpan RequeuesWithin = TimeSpan.FromSeconds(2);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task F1_Frames_of_a_killed_render_process_wait_again_at_once_and_no_frame_dies_twice()
    {
        await using var farm = await Broken.FarmAsync();
        await farm.StartCoordinatorAsync("coordinator", Cancellation);
        var worker = await farm.StartWorkerAsync("worker", Cancellation);
        await farm.StartWorkerAsync("other", Cancellation);
        var job = await farm.SubmitAsync(Broken.Job(count: 36, steps: 40));
        await farm.JobAsync(job.Id, x => x.Rendered >= 2, Broken.Patience, Cancellation);
        var (child, start) = await KillAsync(farm, worker);
        await farm.IsAsync(() => farm.CountAsync("SELECT COUNT(*) FROM attempts WHERE error_class = 'Crash'", Cancellation), x => x > 0, Broken.Patience, Cancellation);
        Assert.InRange(Stopwatch.GetElapsedTime(start), TimeSpan.Zero, RequeuesWithin + Broken.Crowded);
        await farm.EndsWholeAsync(job);
        Assert.False(worker.Process.HasExited);
        // Frames of two leases may have been in it together.
        var blamed = await farm.BlamedAsync(job);
        Assert.InRange(blamed, 1, 2);
        Assert.Equal(blamed, await farm.CountAsync("SELECT COUNT(*) FROM attempts WHERE error_class = 'Crash' AND worker = 'worker' AND evidence LIKE '%SIGKILL%'", Cancellation));
        Assert.DoesNotContain(child, worker.Children);
    }

    public static TheoryData<string, string> Deaths => new()
    {
        { "segv", "SIGSEGV" },
        { "abort", "SIGABRT" },
        { "exit", "0" },
        { "hang", "" },
    };

    [Theory]
    [MemberData(nameof(Deaths))]
    public async Task F16_A_prompt_that_kills_costs_two_render_processes_then_waits_in_quarantine_and_the_others_are_rendered(string death, string evidence)
    {
        // Only what hangs waits for it; no step of a healthy frame takes that long on any machine.
        await using var farm = await Broken.FarmAsync(("Worker__StepTimeout", "00:00:20"));
        await farm.StartCoordinatorAsync("coordinator", Cancellation);
        foreach (var name in (string[])["one", "two"])
        {
            await farm.StartWorkerAsync(name, Cancellation, $"render.row=a poison:{death}");
        }

        var request = Broken.Job(count: 2);
        var job = await farm.SubmitAsync(request with { Prompts = ["a dog", "a poison apple", "a red cat"], Count = 1, Settings = request.Settings with { Prompt = null } });
        await farm.JobAsync(job.Id, x => x.Rendered == 2 && x.Quarantined == 1, Broken.Patience, Cancellation);
        Assert.Equal(2, await farm.CountAsync("SELECT COUNT(*) FROM attempts WHERE error_class IN ('Crash', 'Hang')", Cancellation));
        Assert.Equal(2, await farm.CountAsync("SELECT COUNT(DISTINCT worker) FROM attempts WHERE error_class IN ('Crash', 'Hang')", Cancellation));
        Assert.Equal(2, await farm.CountAsync($"SELECT COUNT(*) FROM attempts WHERE error_class IN ('Crash', 'Hang') AND evidence LIKE '%{evidence}%'", Cancellation));
        var quarantined = Assert.Single((await farm.Client.GetQuarantineAsync(job.Id, cancellationToken: Cancellation)).Items);
        Assert.Equal(1, quarantined.Index);

        // The rest of the farm is unharmed, and the frame leaves quarantine when somebody says so.
        await farm.EndsWholeAsync(await farm.SubmitAsync(Broken.Job(count: 4)));
        await farm.Client.DropQuarantinedAsync(job.Id, cancellationToken: Cancellation);
        var done = await farm.JobAsync(job.Id, x => x.State == JobState.Completed, Broken.Patience, Cancellation);
        Assert.Equal((2L, 1L), (done.Rendered, done.Failed));
        await farm.CheckAsync(Cancellation);
    }

    [Fact(Explicit = true)]
    public async Task F17_Frames_of_a_worker_that_runs_out_of_memory_are_rendered_by_another()
    {
        await using var farm = await Broken.FarmAsync();
        await farm.StartCoordinatorAsync("coordinator", Cancellation);
        await farm.StartWorkerAsync("small", Cancellation, "render.row:oom");

        // There before the first frame fails: a frame that nobody else could take would be tried on the same worker again, and quarantined.
        await farm.StartWorkerAsync("large", Cancellation);
        var job = await farm.SubmitAsync(Broken.Job(count: 12));
        await farm.IsAsync(() => farm.CountAsync("SELECT COUNT(*) FROM attempts WHERE error_class = 'OutOfMemory' AND worker = 'small'", Cancellation), x => x > 0, Broken.Patience, Cancellation);
        await farm.EndsWholeAsync(job);
    }

    [Fact(Explicit = true)]
    public async Task F24_A_worker_that_is_told_to_end_does_so_in_time_and_burns_no_attempt()
    {
        var grace = TimeSpan.FromSeconds(60);
        await using var farm = await Broken.FarmAsync(("Worker__DrainTimeout", grace.ToString()));
        await farm.StartCoordinatorAsync("coordinator", Cancellation);
        var worker = await farm.StartWorkerAsync("worker", Cancellation);
        var job = await farm.SubmitAsync(Broken.Job(count: 40, steps: 30));
        await farm.JobAsync(job.Id, x => x.Rendered >= 2, Broken.Patience, Cancellation);
        var children = worker.Children;
        worker.Process.Terminate();
        Assert.Equal(0, await worker.Process.ExitAsync(grace, Cancellation));
        Assert.DoesNotContain(children, RunningProcess.IsRunning);
        await farm.IsAsync(() => farm.CountAsync("SELECT COUNT(*) FROM leases", Cancellation), x => x == 0, Broken.Sweep + Broken.Sweep, Cancellation);

        await farm.StartWorkerAsync("next", Cancellation);
        await farm.EndsWholeAsync(job);
        Assert.Equal(0, await farm.BlamedAsync(job));
        Assert.Equal(0, await farm.CountAsync("SELECT COUNT(*) FROM attempts WHERE outcome = 'Expired'", Cancellation));
    }

    /// <summary>Kills a worker's render process in the middle of a batch; one that happened to be between two of them died over nothing, and so the next is killed.</summary>
    private static async Task<(int Process, long Moment)> KillAsync(FaultFarm farm, FarmNode worker)
    {
        while (true)
        {
            await RendersAsync(farm, worker.Name);
            var child = (await farm.IsAsync(() => Task.FromResult(worker.Children), x => x.Count == 1, Broken.Patience, Cancellation))[0];
            Assert.True(RunningProcess.Signal(child, ProcessSignal.Kill));
            var start = Stopwatch.GetTimestamp();
            var end = await farm.IsAsync(
                () => Task.FromResult(Regex.Match(worker.Process.Output, $"The render process {child} of slot 0 .*; it was rendering with (.*)")), x => x.Success, Broken.Patience, Cancellation);
            if (!end.Groups[1].Value.StartsWith("nothing", StringComparison.Ordinal))
            {
                return (child, start);
            }
        }
    }

    private static async Task RendersAsync(FaultFarm farm, string worker) => await farm.IsAsync(
        () => farm.Client.GetWorkerAsync(worker, Cancellation), x => x.SlotStatus.Any(slot => slot.State == "rendering" && slot.Step > 0), Broken.Patience, Cancellation);
}
