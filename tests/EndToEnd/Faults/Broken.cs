using RenderFarm.Shared;
using RenderFarm.Shared.Api;
using RenderFarm.Shared.Settings;
using RenderFarm.TestKit.Faults;
using RenderFarm.TestKit.Services;

namespace RenderFarm.EndToEnd.Faults;

/// <summary>What the fault tests have in common: small farms with short leases, small jobs, and how they must end.</summary>
internal static class Broken
{
    /// <summary>Where a test would only wait for leases to run out.</summary>
    public static readonly TimeSpan LeaseFor = TimeSpan.FromSeconds(6);

    /// <summary>From the end of a lease to its frames waiting again: the sweep runs every second.</summary>
    public static readonly TimeSpan Sweep = TimeSpan.FromSeconds(2);

    /// <summary>What the bounds of the faults allow beyond themselves: two cores are shared with servers and other tests.</summary>
    public static readonly TimeSpan Crowded = TimeSpan.FromSeconds(20);

    /// <summary>Nothing is measured with this.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static Task<FaultFarm> FarmAsync(params (string Name, string Value)[] settings) => FarmAsync(null, settings);

    /// <summary>A farm without processes, with short leases.</summary>
    public static Task<FaultFarm> FarmAsync(OwnServers? own, params (string Name, string Value)[] settings)
    {
        var all = new Dictionary<string, string> { ["RENDERFARM__Ledger__LeaseFor"] = LeaseFor.ToString() };
        foreach (var (name, value) in settings)
        {
            all[$"RENDERFARM__{name}"] = value;
        }

        return FaultFarm.StartAsync(all, own, Cancellation);
    }

    public static JobRequest Job(long count, int steps = 2) => new()
    {
        Model = "emoji",
        Count = count,
        Settings = new RenderSettings { Prompt = "a pizza on a blue background", Steps = steps, Seed = 42 },
    };

    /// <summary>Starts a coordinator and waits until it leads; those that are started later do not.</summary>
    public static async Task<FarmNode> StartLeaderAsync(this FaultFarm farm, string failpoint = "")
    {
        var leader = await farm.StartCoordinatorAsync("leader", Cancellation, failpoint);
        await farm.IsAsync(() => farm.CountAsync("SELECT COUNT(*) FROM leadership", Cancellation), x => x > 0, Patience, Cancellation);
        return leader;
    }

    public static Task<JobView> SubmitAsync(this FaultFarm farm, JobRequest request) => farm.Client.SubmitAsync(request, cancellationToken: Cancellation);

    /// <summary>Waits for the end of a job of which every frame must be rendered, and checks the farm.</summary>
    public static async Task EndsWholeAsync(this FaultFarm farm, JobView job, TimeSpan? within = null)
    {
        var done = await farm.JobAsync(job.Id, x => x.State is JobState.Completed or JobState.Failed, within ?? Patience, Cancellation);
        Assert.Equal((JobState.Completed, job.FrameCount, 0L), (done.State, done.Rendered, done.Failed));
        await farm.CheckAsync(Cancellation);
    }

    /// <summary>The store holds the pictures of these jobs and no other, at the latest by then.</summary>
    public static Task StoresNothingElseAsync(this FaultFarm farm, TimeSpan within, params IReadOnlyList<JobView> jobs) => farm.IsAsync(
        async () => (await farm.Store.ListKeysAsync(Cancellation)).Count, x => x == jobs.Sum(job => job.FrameCount), within, Cancellation);

    /// <summary>How often each frame was offered at most.</summary>
    public static int MostOffersOfAFrame(this FaultFarm farm, JobView job) => farm.History()
        .Where(x => x.Event == "offer" && x.Job == job.Id)
        .SelectMany(x => Enumerable.Range(0, (int)x.Count.GetValueOrDefault()).Select(i => x.First.GetValueOrDefault() + i))
        .CountBy(x => x)
        .Max(x => x.Value);

    /// <summary>Attempts of the job that ended with somebody's fault.</summary>
    public static Task<long> BlamedAsync(this FaultFarm farm, JobView job) => farm.CountAsync(
        $"SELECT COUNT(*) FROM attempts WHERE job_id = '{job.Id}' AND error_class IN ('Worker', 'Crash', 'OutOfMemory', 'Request')", Cancellation);
}
