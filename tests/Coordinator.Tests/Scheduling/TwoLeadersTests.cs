using Microsoft.EntityFrameworkCore;
using RenderFarm.Coordinator.Ledger;
using RenderFarm.Coordinator.Tests.Ledger;
using RenderFarm.Coordinator.Workers;
using RenderFarm.Shared;
using RenderFarm.Shared.Protocol;

namespace RenderFarm.Coordinator.Tests.Scheduling;

/// <summary>Two coordinators that both believe to lead, as after a leader that hung goes on.</summary>
public sealed class TwoLeadersTests(PostgresLedgerDatabase database) : IClassFixture<PostgresLedgerDatabase>
{
    private const int Jobs = 30;
    private const int FramesOfAJob = 60;
    private const int Workers = 6;

    // Leases so short that leaders expire what workers are about to commit.
    private static readonly LedgerOptions Options = new() { AcceptWithin = TimeSpan.FromMilliseconds(400), LeaseFor = TimeSpan.FromMilliseconds(400), RetryAfter = TimeSpan.Zero };

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Two_leaders_at_once_lose_nothing_and_render_nothing_twice()
    {
        await using var one = await LeadingCoordinator.StartAsync(database, Options, Token);
        await using var other = await LeadingCoordinator.StartAsync(database, Options, Token);
        await AddWorkersAsync();
        for (var i = 0; i < Jobs; i++)
        {
            await one.Ledger.SubmitAsync(LedgerData.Job(FramesOfAJob), null, Token);
        }

        using var done = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var leaders = new[] { one, other }.Select(leader => Task.Run(() => LeadAsync(leader, done.Token), Token)).ToList();
        var committed = await Task.WhenAll(Enumerable.Range(0, Workers).Select(number => Task.Run(() => RenderAsync(one.Ledger, number), Token)));
        await done.CancelAsync();
        var offered = await Task.WhenAll(leaders);

        Assert.All(offered, offers => Assert.True(offers > 0, "One of the leaders never led."));
        Assert.Equal(Jobs * FramesOfAJob, committed.Sum());
        Assert.Equal(Jobs * FramesOfAJob, await database.QueryAsync(db => db.Frames.CountAsync(frame => frame.State == FrameState.Rendered, Token)));
        Assert.Empty(await one.Ledger.AuditAsync(null, Token));
    }

    private static async Task<int> LeadAsync(LeadingCoordinator leader, CancellationToken done)
    {
        var offered = 0;
        while (!done.IsCancellationRequested)
        {
            offered += await leader.Match.RunOnceAsync(Token);
            await leader.Expire.RunOnceAsync(Token);
        }

        return offered;
    }

    /// <summary>Takes the leases that a worker is offered: most it commits, some it commits in part, some it forgets. The answer is how many frames the ledger took from it.</summary>
    private async Task<int> RenderAsync(FrameLedger ledger, int number)
    {
        var (name, random, seen, committed) = (NameOf(number), new Random(number), new HashSet<Guid>(), 0);
        while (await database.QueryAsync(db => db.Jobs.AnyAsync(job => job.State == JobState.Queued || job.State == JobState.Running, Token)))
        {
            var offers = await database.QueryAsync(db => db.Leases.AsNoTracking().Where(lease => lease.Worker == name).ToListAsync(Token));
            foreach (var lease in offers.Where(lease => seen.Add(lease.AttemptId)))
            {
                var share = random.Next(10);
                if (share == 0)
                {
                    continue;
                }

                await ledger.AcceptAsync([new LeaseAccepted(name, 1, lease.JobId, lease.AttemptId, lease.Fence)], Token);
                var frames = LedgerData.Range(lease.First, share == 1 ? (lease.Count + 1) / 2 : lease.Count).Select(index => Frame(lease, index)).ToList();
                var result = await ledger.CommitAsync([new FramesRendered(name, 1, lease.JobId, lease.AttemptId, lease.Fence, frames)], Token);
                committed += result.Answers.Sum(answer => answer.Committed.Count);
            }
        }

        return committed;
    }

    private static RenderedFrame Frame(Lease lease, long index) =>
        new(index, 1000 + index, ArtifactKeys.For("default", lease.JobId, index, lease.AttemptId, "png"), LedgerData.Sha256, 4096, 64, 64, 250);

    private static string NameOf(int number) => $"worker-{number}";

    private async Task AddWorkersAsync()
    {
        await using var db = database.Factory.CreateDbContext();
        var now = await db.NowAsync(Token);
        for (var number = 0; number < Workers; number++)
        {
            db.Workers.Add(new FarmWorker
            {
                Name = NameOf(number),
                Epoch = 1,
                State = WorkerState.Ready,
                Version = "1",
                Device = "cpu",
                Slots = 2,
                Window = 3,
                BatchSize = 4,
                MemoryBytes = 1,
                Models = [new WorkerModel("emoji", "digest", "sd1", 64, 64, 8, 1, null)],
                JoinedAt = now,
                // It says nothing in this test, and is not lost for that.
                LastSeenAt = now.AddHours(1),
            });
        }

        await db.SaveChangesAsync(Token);
    }
}
