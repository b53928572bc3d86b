using RenderFarm.Shared;
using RenderFarm.Shared.Api;
using RenderFarm.Shared.Settings;
using RenderFarm.TestKit.Farms;

namespace RenderFarm.EndToEnd;

/// <summary>What people order workers, with real processes on both modes.</summary>
public sealed class WorkerOrderTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(BothModes.All), MemberType = typeof(BothModes))]
    public async Task A_drained_worker_hands_back_what_it_has_keeps_the_drain_through_a_crash_of_the_coordinator_and_resumes(FarmMode mode)
    {
        await using var farm = await TestFarm.StartAsync(mode, Token);
        var name = (await WorkerAsync(farm, worker => worker.State == WorkerState.Ready)).Name;
        var job = await farm.Client.SubmitAsync(
            new JobRequest { Count = 200, Settings = new RenderSettings { Prompt = "a pizza on a blue background", Steps = 8 } }, cancellationToken: Token);
        await farm.JobAsync(job.Id, seen => seen.Rendered > 0, Patience, Token);

        await farm.Client.DrainWorkerAsync(name, "new cooler", Token);
        await farm.JobAsync(job.Id, seen => seen.WaitReason == $"No worker may render it: {name} is drained (new cooler).", Patience, Token);
        if (mode == FarmMode.Servers)
        {
            // The embedded farm's worker dies with its coordinator, and starts afresh.
            await farm.CrashCoordinatorAsync(Token);
        }

        var drained = await WorkerAsync(farm, worker => worker is { State: WorkerState.Draining, Leases: 0 });
        Assert.Equal("new cooler", drained.DrainReason);
        Assert.InRange((await farm.Client.GetJobAsync(job.Id, Token)).Rendered, 1, 199);

        await farm.Client.ResumeWorkerAsync(name, Token);
        var done = await farm.JobAsync(job.Id, seen => seen.State.IsTerminal(), Patience, Token);
        Assert.Equal((JobState.Completed, 200, 0), (done.State, done.Rendered, done.Failed));
        Assert.Equal((WorkerState.Ready, 0), await StrikesAsync(farm));
        await farm.AuditAsync(Token);
    }

    private static async Task<(WorkerState State, int Strikes)> StrikesAsync(TestFarm farm)
    {
        var worker = await WorkerAsync(farm, worker => worker.State == WorkerState.Ready);
        return (worker.State, worker.Strikes);
    }

    private static async Task<WorkerView> WorkerAsync(TestFarm farm, Func<WorkerView, bool> satisfies) =>
        (await Eventually.IsAsync(() => farm.Client.WorkersAsync(Token), workers => workers.Count == 1 && satisfies(workers[0]), Patience, () => farm.Log, Token))[0];
}
