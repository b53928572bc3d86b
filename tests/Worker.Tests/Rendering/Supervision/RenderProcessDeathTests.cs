using System.Text;
using RenderFarm.Shared;
using RenderFarm.Shared.Protocol;
using RenderFarm.TestKit;
using RenderFarm.Worker.Rendering.Supervision;
using RenderFarm.Worker.Tests.Bench;

namespace RenderFarm.Worker.Tests.Rendering.Supervision;

public sealed class RenderProcessDeathTests
{
    [Theory]
    [InlineData("kill", "was ended by SIGKILL", AttemptOutcome.Crashed, ErrorClass.Crash)]
    [InlineData("segv", "was ended by SIGSEGV", AttemptOutcome.Crashed, ErrorClass.Crash)]
    [InlineData("abort", "was ended by SIGABRT", AttemptOutcome.Crashed, ErrorClass.Crash)]
    [InlineData("exit", "ended without a result (exit code 0)", AttemptOutcome.Crashed, ErrorClass.Crash)]
    public async Task A_frame_that_ends_the_process_strikes_its_batch_alone_and_the_next_process_renders_on(string fault, string words, AttemptOutcome outcome, ErrorClass errorClass)
    {
        await using var bench = await WorkerBench.StartIsolatedAsync(ThatMeets($"render.row=poison:{fault}"));
        var poison = bench.Lease([1, 2, 3, 4, 5, 6]);
        poison = await bench.OfferFirstAsync(poison with { Prompts = [.. poison.Prompts, "poison"], Frames = [.. poison.Frames.Select(frame => frame with { Prompt = frame.Index == 3 ? 1 : 0 })] });
        var next = await bench.OfferAsync(bench.Lease([9]));

        var ended = await bench.Coordinator.FirstAsync<LeaseEnded>();
        Assert.Equal((poison.AttemptId, outcome, errorClass), (ended.AttemptId, ended.Outcome, ended.ErrorClass));
        Assert.Equal([1, 2, 3, 4], ended.Struck);
        Assert.Empty(ended.Failed);
        Assert.Contains("'emoji'", ended.Message, StringComparison.Ordinal);
        Assert.Contains(words, ended.Message, StringComparison.Ordinal);
        Assert.StartsWith($"The render process {words}. It wrote:\n", ended.Evidence, StringComparison.Ordinal);
        Assert.Contains("render.row does", ended.Evidence, StringComparison.Ordinal);

        await bench.Coordinator.RenderedAsync(next.AttemptId, 1);
        Assert.Single(bench.Coordinator.Of<LeaseEnded>());
        Assert.Equal(2, bench.Log.RenderProcesses().Count);
        await bench.Coordinator.FirstAsync<WorkerHeartbeat>(beat => beat.Attempts.Count == 0 && beat.WarmModels is ["emoji"] && beat.ResidentBytes == bench.Model().Bytes);
    }

    [Fact]
    public async Task After_a_lack_of_memory_a_new_process_takes_the_work_that_waits_and_nobody_else_is_blamed()
    {
        await using var bench = await WorkerBench.StartIsolatedAsync(ThatMeets("render.row=poison:oom"));
        var poison = bench.Lease([1]);
        poison = await bench.OfferFirstAsync(poison with { Prompts = ["poison"] });
        var next = await bench.OfferAsync(bench.Lease([9]));

        var ended = await bench.Coordinator.FirstAsync<LeaseEnded>();
        Assert.Equal((poison.AttemptId, ErrorClass.OutOfMemory), (ended.AttemptId, ended.ErrorClass));
        await bench.Coordinator.RenderedAsync(next.AttemptId, 1);
        Assert.Single(bench.Coordinator.Of<LeaseEnded>());
        Assert.Equal(2, bench.Log.RenderProcesses().Count);
    }

    [Fact]
    public async Task A_process_that_stands_still_is_killed_and_the_batch_counts_as_a_crash()
    {
        await using var bench = await WorkerBench.StartIsolatedAsync(WorkerBench.Program, ("Worker:StepTimeout", "00:00:05"));
        var struck = await bench.OfferAsync(Long(bench, [1, 2]));
        await bench.Coordinator.FirstAsync<StepProgressed>();
        RunningProcess.Signal(bench.Log.RenderProcesses()[0], RunningProcess.Stop);

        var ended = await bench.Coordinator.FirstAsync<LeaseEnded>();
        Assert.Equal((struck.AttemptId, AttemptOutcome.Crashed, ErrorClass.Crash), (ended.AttemptId, ended.Outcome, ended.ErrorClass));
        Assert.Equal([1, 2], ended.Struck);
        Assert.Matches("hung and was killed: it was still at step [0-9]+ of 500 for 00:00:[0-9]{2} \\(128x128, 2 rows\\)", ended.Message);
        var next = await bench.OfferAsync(bench.Lease([9]));
        await bench.Coordinator.RenderedAsync(next.AttemptId, 1);
    }

    [Fact]
    public async Task A_process_that_dies_while_it_rests_strikes_nobody()
    {
        await using var bench = await WorkerBench.StartIsolatedAsync(WorkerBench.Program);
        var first = await bench.OfferAsync(bench.Lease([1]));
        await bench.Coordinator.RenderedAsync(first.AttemptId, 1);
        await bench.Coordinator.FirstAsync<WorkerHeartbeat>(beat => beat.WarmModels.Count == 1 && beat.Attempts.Count == 0);
        RunningProcess.Signal(bench.Log.RenderProcesses()[0], RunningProcess.Kill);
        await bench.Coordinator.UntilAsync(() => bench.Log.RenderProcesses().Count == 2 ? "" : null, "second process");
        await bench.Coordinator.FirstAsync<WorkerHeartbeat>(beat => beat.WarmModels.Count == 0 && beat.ResidentBytes == 0 && beat.Sequence > 1);

        var second = await bench.OfferAsync(bench.Lease([1]));
        await bench.Coordinator.RenderedAsync(second.AttemptId, 1);
        Assert.Empty(bench.Coordinator.Of<LeaseEnded>());
    }

    [Fact]
    public async Task A_crash_in_one_slot_leaves_the_other_alone()
    {
        await using var bench = await WorkerBench.StartIsolatedAsync(WorkerBench.Program, ("Worker:Slots", "2"), ("Worker:BatchSize", "2"), ("Worker:MemoryBudgetMiB", "4000"));
        // One slot must not be done before the other has its process.
        await bench.Coordinator.FirstAsync<WorkerHeartbeat>(beat => beat.Slots!.All(slot => slot.State == "idle"));
        var one = await bench.OfferAsync(Long(bench, [1, 2]));
        var other = await bench.OfferAsync(bench.Lease([7, 8], settings => settings with { Steps = 499, Width = 128, Height = 128 }));
        var slots = (await bench.Coordinator.FirstAsync<WorkerHeartbeat>(beat => beat.Slots!.All(slot => slot.Step > 0))).Slots!.ToList();
        RunningProcess.Signal(bench.Log.RenderProcesses(slots.FindIndex(slot => slot.Steps == 500))[0], RunningProcess.Kill);
        var ended = await bench.Coordinator.FirstAsync<LeaseEnded>();
        Assert.Equal((one.AttemptId, ErrorClass.Crash), (ended.AttemptId, ended.ErrorClass));
        Assert.Equal([1, 2], ended.Struck);
        await bench.Coordinator.RenderedAsync(other.AttemptId, 2);
        Assert.Single(bench.Coordinator.Of<LeaseEnded>());
    }

    [Theory]
    [InlineData("exit 3", "ended with exit code 3", AttemptOutcome.Crashed, ErrorClass.Crash)]
    [InlineData("echo \"terminate called after throwing an instance of 'std::bad_alloc'\" >&2; kill -ABRT $$", "was ended by SIGABRT", AttemptOutcome.OutOfMemory, ErrorClass.OutOfMemory)]
    public async Task A_bad_end_is_told_with_what_the_process_wrote_last(string end, string words, AttemptOutcome outcome, ErrorClass errorClass)
    {
        using var folder = new TemporaryFolder();
        var trigger = Path.Combine(folder.Path, "now");

        // The real process inside a shell that ends in its own way when the trigger is there.
        var script = $"exec 3<&0; '{WorkerBench.Program.FileName}' render-process <&3 & while [ ! -e '{trigger}' ]; do sleep 0.05; done; "
            + $"kill -9 $!; head -c 20000 /dev/zero | tr '\\0' x >&2; echo ' the driver is lost' >&2; {end}";
        await using var bench = await WorkerBench.StartIsolatedAsync(new RenderProgram("/bin/sh", ["-c", script]));
        await bench.OfferAsync(Long(bench, [1, 2]));
        await bench.Coordinator.FirstAsync<StepProgressed>();
        await File.WriteAllTextAsync(trigger, "", TestContext.Current.CancellationToken);

        var ended = await bench.Coordinator.FirstAsync<LeaseEnded>();
        Assert.Equal((outcome, errorClass), (ended.Outcome, ended.ErrorClass));
        Assert.Equal([1, 2], ended.Struck);
        Assert.Contains(words, ended.Message, StringComparison.Ordinal);
        Assert.StartsWith($"The render process {words}. It wrote:\n", ended.Evidence, StringComparison.Ordinal);
        Assert.Contains("xxx the driver is lost", ended.Evidence, StringComparison.Ordinal);
        Assert.InRange(Encoding.UTF8.GetByteCount(ended.Evidence!), StderrTail.Most - 3, StderrTail.Most);
    }

    [Fact]
    public async Task A_process_that_does_not_start_is_the_workers_fault()
    {
        await using var bench = await WorkerBench.StartIsolatedAsync(new RenderProgram("/bin/sh", ["-c", "echo 'no such device' >&2; exit 4"]));
        await bench.OfferAsync(bench.Lease([1]));
        var ended = await bench.Coordinator.FirstAsync<LeaseEnded>();
        Assert.Equal((AttemptOutcome.Failed, ErrorClass.Worker), (ended.Outcome, ended.ErrorClass));
        Assert.Contains("ended with exit code 4 before it took work", ended.Message, StringComparison.Ordinal);
        Assert.Contains("no such device", ended.Evidence, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_program_that_is_not_there_is_the_workers_fault()
    {
        await using var bench = await WorkerBench.StartIsolatedAsync(new RenderProgram("/no/such/program", []));
        await bench.OfferAsync(bench.Lease([1]));
        var ended = await bench.Coordinator.FirstAsync<LeaseEnded>();
        Assert.Equal((AttemptOutcome.Failed, ErrorClass.Worker), (ended.Outcome, ended.ErrorClass));
        Assert.Contains("'/no/such/program' could not be started", ended.Message, StringComparison.Ordinal);
    }

    private static RenderProgram ThatMeets(string failpoint) => new("/usr/bin/env", [$"FARM_FAILPOINT={failpoint}", WorkerBench.Program.FileName, .. WorkerBench.Program.Arguments]);

    /// <summary>Renders for as long as a test needs.</summary>
    private static LeaseOffered Long(WorkerBench bench, IReadOnlyList<long> seeds) => bench.Lease(seeds, settings => settings with { Steps = 500, Width = 128, Height = 128 });
}
