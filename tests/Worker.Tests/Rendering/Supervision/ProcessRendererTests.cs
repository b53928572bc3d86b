using RenderFarm.Shared;
using RenderFarm.Shared.Protocol;
using RenderFarm.TestKit;
using RenderFarm.TestKit.Farms;
using RenderFarm.TestKit.Services;
using RenderFarm.Worker.Rendering.Supervision;
using RenderFarm.Worker.Tests.Bench;

namespace RenderFarm.Worker.Tests.Rendering.Supervision;

public sealed class ProcessRendererTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    [Fact]
    public async Task Pictures_have_the_same_bytes_as_in_the_workers_own_process()
    {
        var job = Guid.NewGuid();
        var hashes = new List<IReadOnlyList<string>>();
        foreach (var isolation in Enum.GetNames<WorkerIsolation>())
        {
            await using var bench = await WorkerBench.StartIsolatedAsync(WorkerBench.Program, ("Worker:Isolation", isolation));
            var lease = await bench.OfferAsync(bench.Lease([1, 2, 3, 4, 5], job: job));
            await bench.Coordinator.RenderedAsync(lease.AttemptId, 5);
            hashes.Add([.. bench.Coordinator.Rendered(lease.AttemptId).Select(frame => frame.Sha256)]);
            Assert.Equal(isolation == nameof(WorkerIsolation.Process) ? 1 : 0, bench.Log.RenderProcesses().Count);
            await bench.Coordinator.FirstAsync<WorkerHeartbeat>(beat => beat.Attempts.Count == 0 && beat.WarmModels is ["emoji"]);
            Assert.Empty(bench.SpooledFiles);
        }

        Assert.Equal(hashes[0], hashes[1]);
        Assert.Equal(5, hashes[0].Distinct().Count());
    }

    [Fact]
    public async Task Steps_and_the_state_of_the_slot_come_through()
    {
        await using var bench = await WorkerBench.StartIsolatedAsync(WorkerBench.Program, ("Worker:HeartbeatEvery", "00:00:00.1"));
        var lease = await bench.OfferAsync(bench.Lease([1, 2], settings => settings with { Steps = 300 }));
        await bench.Coordinator.FirstAsync<WorkerHeartbeat>(beat => beat.Slots is [{ State: "loading", Model: "emoji" }]);
        await bench.Coordinator.FirstAsync<WorkerHeartbeat>(beat => beat.Slots is [{ State: "rendering", Model: "emoji", Step: > 0, Steps: 300 }]);
        await bench.Coordinator.FirstAsync<StepProgressed>(step => step.AttemptId == lease.AttemptId && step.Steps == 300);
        await bench.Coordinator.RenderedAsync(lease.AttemptId, 2);
        await bench.Coordinator.FirstAsync<WorkerHeartbeat>(beat => beat.WarmModels.Count == 1 && beat.Slots is [{ State: "idle", Model: null }]);
        Assert.True(bench.Coordinator.Rendered(lease.AttemptId).All(frame => frame.RenderMilliseconds > 0));
    }

    [Fact]
    public async Task Settings_that_cannot_be_rendered_fail_their_frames_and_keep_the_process()
    {
        await using var bench = await WorkerBench.StartIsolatedAsync(WorkerBench.Program);
        var wrong = await bench.OfferAsync(bench.Lease([1, 2], settings => settings with { Sampler = "nonesuch" }));
        var ended = await bench.Coordinator.FirstAsync<LeaseEnded>();
        Assert.Equal((wrong.AttemptId, ErrorClass.Request), (ended.AttemptId, ended.ErrorClass));
        Assert.Equal([1, 2], ended.Failed.Select(frame => frame.Index).Order());
        var right = await bench.OfferAsync(bench.Lease([3]));
        await bench.Coordinator.RenderedAsync(right.AttemptId, 1);
        Assert.Single(bench.Log.RenderProcesses());
    }

    [Fact]
    public async Task A_revoked_lease_stops_at_the_next_step_and_keeps_the_process()
    {
        await using var bench = await WorkerBench.StartIsolatedAsync(WorkerBench.Program);
        var revoked = await bench.OfferFirstAsync(bench.Lease([1, 2], settings => settings with { Steps = 500, Width = 128, Height = 128 }));
        var next = await bench.OfferAsync(bench.Lease([9]));
        await bench.Coordinator.FirstAsync<StepProgressed>(step => step.AttemptId == revoked.AttemptId);
        await bench.SendAsync(new LeasesRevoked([revoked.AttemptId], "The job was cancelled."));
        await bench.Coordinator.RenderedAsync(next.AttemptId, 1);
        Assert.DoesNotContain(bench.Coordinator.Of<FramesRendered>(), message => message.AttemptId == revoked.AttemptId);
        Assert.Empty(bench.Coordinator.Of<LeaseEnded>());
        Assert.Single(bench.Log.RenderProcesses());
    }

    [Fact]
    public async Task A_process_that_does_not_stop_is_killed_for_it_and_strikes_nobody()
    {
        await using var bench = await WorkerBench.StartIsolatedAsync(WorkerBench.Program);
        var revoked = await bench.OfferFirstAsync(bench.Lease([1, 2], settings => settings with { Steps = 500, Width = 128, Height = 128 }));
        var next = await bench.OfferAsync(bench.Lease([9]));
        await bench.Coordinator.FirstAsync<StepProgressed>(step => step.AttemptId == revoked.AttemptId);
        RunningProcess.Signal(bench.Log.RenderProcesses()[0], RunningProcess.Stop);
        await bench.SendAsync(new LeasesRevoked([revoked.AttemptId], "The job was cancelled."));
        await bench.Coordinator.RenderedAsync(next.AttemptId, 1);
        Assert.Empty(bench.Coordinator.Of<LeaseEnded>());
        Assert.Equal(2, bench.Log.RenderProcesses().Count);
        Assert.Contains(bench.Log.Lines, line => line.Contains("was killed because it did not stop", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Memory_that_runs_out_inside_the_process_is_told_and_the_process_replaced()
    {
        // Enough of the managed heap to start with and not to read a model.
        var program = new RenderProgram("/usr/bin/env", ["DOTNET_GCHeapHardLimit=0x600000", WorkerBench.Program.FileName, .. WorkerBench.Program.Arguments]);
        await using var bench = await WorkerBench.StartIsolatedAsync(program, ("Worker:BatchSize", "1"));
        foreach (var processes in new[] { 1, 2 })
        {
            var lease = await bench.OfferAsync(bench.Lease([1, 2]));
            var ended = await bench.Coordinator.FirstAsync<LeaseEnded>(message => message.AttemptId == lease.AttemptId);
            Assert.Equal((AttemptOutcome.OutOfMemory, ErrorClass.OutOfMemory), (ended.Outcome, ended.ErrorClass));
            Assert.Equal([1], ended.Struck);
            await bench.Coordinator.UntilAsync(() => bench.Log.RenderProcesses().Count == processes + 1 ? "" : null, "next process");
        }
    }

    [Fact]
    public async Task The_memory_is_divided_over_the_slots()
    {
        await using var bench = await WorkerBench.StartIsolatedAsync(WorkerBench.Program, ("Worker:Slots", "2"), ("Worker:MemoryBudgetMiB", "3"));
        await bench.OfferAsync(bench.Lease([1]));
        var ended = await bench.Coordinator.FirstAsync<LeaseEnded>();
        Assert.Equal(ErrorClass.Worker, ended.ErrorClass);
        Assert.Contains("Worker:MemoryBudgetMiB allows 1 MiB for each of 2 slots", ended.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Processes_end_with_the_worker_and_know_no_keys_of_the_farm()
    {
        IReadOnlyList<int> processes;
        await using (var bench = await WorkerBench.StartIsolatedAsync(WorkerBench.Program, ("Worker:Slots", "2")))
        {
            processes = await bench.Coordinator.UntilAsync<int[]>(() => bench.Log.RenderProcesses().Count > 0 && bench.Log.RenderProcesses(1).Count > 0 ? [bench.Log.RenderProcesses()[0], bench.Log.RenderProcesses(1)[0]] : null, "processes");
            foreach (var process in processes)
            {
                Assert.DoesNotContain("RENDERFARM", await File.ReadAllTextAsync($"/proc/{process}/environ", TestContext.Current.CancellationToken), StringComparison.Ordinal);
            }
        }

        Assert.All(processes, process => Assert.False(RunningProcess.IsAlive(process)));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Processes_end_when_the_worker_is_killed(bool isStopped)
    {
        await using var broker = await TestRabbitMq.CreateVirtualHostAsync(TestContext.Current.CancellationToken);
        using var folder = new TemporaryFolder();
        await using var worker = FarmProcess.Start(
            folder.Path,
            new Dictionary<string, string> { ["RENDERFARM__Bus__Transport"] = "RabbitMq", ["RENDERFARM__Bus__Uri"] = broker.Uri.AbsoluteUri, ["RENDERFARM__Worker__Models"] = WorkerBench.Models },
            "worker",
            "--Worker:HealthUrls=http://127.0.0.1:0");
        var started = await Eventually.IsAsync(
            () => Task.FromResult(System.Text.RegularExpressions.Regex.Match(worker.Output, "has the render process ([0-9]+)")), match => match.Success, Patience, () => worker.Output, TestContext.Current.CancellationToken);
        var process = int.Parse(started.Groups[1].Value, System.Globalization.CultureInfo.InvariantCulture);
        Assert.True(RunningProcess.IsAlive(process));
        // The last thing that it arranges with the kernel at its start.
        await Eventually.IsAsync(
            () => File.ReadAllTextAsync($"/proc/{process}/oom_score_adj", TestContext.Current.CancellationToken), score => score.Trim() == "500", Patience, () => worker.Output, TestContext.Current.CancellationToken);
        if (isStopped)
        {
            RunningProcess.Signal(process, RunningProcess.Stop);
        }

        await worker.KillAsync();
        await Eventually.IsAsync(() => Task.FromResult(RunningProcess.IsAlive(process)), alive => !alive, Patience, () => worker.Output, TestContext.Current.CancellationToken);
    }
}
