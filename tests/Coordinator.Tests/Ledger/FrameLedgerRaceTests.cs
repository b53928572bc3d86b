using System.Text;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using RenderFarm.Coordinator.Jobs;
using RenderFarm.Coordinator.Ledger;
using RenderFarm.Shared;
using RenderFarm.Shared.Protocol;

namespace RenderFarm.Coordinator.Tests.Ledger;

/// <summary>Many connections at once, which only PostgreSQL has.</summary>
public sealed partial class FrameLedgerRaceTests(PostgresLedgerDatabase database) : IClassFixture<PostgresLedgerDatabase>, IAsyncLifetime
{
    private const int Connections = 16;

    private readonly FrameLedger _ledger = database.Ledger(LedgerData.Patient);

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => await database.ExecuteAsync("DELETE FROM jobs");

    public async ValueTask DisposeAsync()
    {
        Assert.Empty(await _ledger.AuditAsync(null, Cancelled));
        _ledger.Dispose();
    }

    [Fact]
    public async Task One_of_many_equal_plans_wins()
    {
        var job = await SubmitAsync(100);
        for (var first = 0; first < 40; first += 4)
        {
            var results = await AtOnceAsync(number => _ledger.OfferAsync([new OfferPlan(Guid.NewGuid(), job.Id, first, 4, $"w{number}", 1)], Cancelled));
            Assert.Single(results.SelectMany(result => result.Leases));
        }
    }

    [Fact]
    public async Task Every_frame_is_rendered_once_when_everybody_races()
    {
        var jobs = new[] { await SubmitAsync(300), await SubmitAsync(300), await SubmitAsync(300) };
        using var hasty = database.Ledger(LedgerData.Hasty);
        var committed = await AtOnceAsync(async number =>
        {
            var random = new Random(number);
            var mine = 0;
            while (await _ledger.WaitingAsync(6, Cancelled) is { Count: > 0 } spans)
            {
                var plans = spans.Select(span => new OfferPlan(Guid.NewGuid(), span.JobId, span.First, random.Next(1, (int)Math.Min(span.Count, 8) + 1), $"w{number}", 1)).ToList();
                var offers = await (random.Next(5) == 0 ? hasty : _ledger).OfferAsync(plans, Cancelled);
                mine += await RenderAsync(offers.Leases, random);
            }

            return mine;
        });

        Assert.Empty(await _ledger.AuditAsync(null, Cancelled));
        var frames = await database.QueryAsync(db => db.Frames.CountAsync(frame => frame.State == FrameState.Rendered, Cancelled));
        Assert.Equal(committed.Sum(), frames);
        Assert.Equal(900, frames);
        Assert.All(jobs, job => Assert.Equal(JobState.Completed, database.QueryAsync(db => db.Jobs.Where(row => row.Id == job.Id).Select(row => row.State).SingleAsync(Cancelled)).Result));
    }

    [Fact]
    public async Task Cancel_racing_with_commits_leaves_the_ledger_whole()
    {
        var job = await SubmitAsync(1000);
        var offers = new List<LeaseOffered>();
        for (var first = 0; first < 8 * Connections; first += 8)
        {
            offers.Add((await _ledger.OfferAsync([new OfferPlan(Guid.NewGuid(), job.Id, first, 8, "ada", 1)], Cancelled)).Leases[0].Offer);
        }

        var answers = await AtOnceAsync(async number => number == Connections / 2
            ? (await _ledger.CancelAsync(job.Id, Cancelled) is { WasCancelled: true } ? 0 : throw new InvalidOperationException("The cancel was refused."))
            : (await _ledger.CommitAsync([Report(offers[number], offers[number].Frames.Select(frame => frame.Index))], Cancelled)).Answers.Sum(answer => answer.Committed.Count));

        var stored = await database.QueryAsync(db => db.Jobs.AsNoTracking().SingleAsync(row => row.Id == job.Id, Cancelled));
        Assert.Equal((JobState.Cancelled, (long)answers.Sum(), 1000L - answers.Sum()), (stored.State, stored.Rendered, stored.Cancelled));
    }

    [Fact]
    public async Task Head_of_a_long_queue_is_read_from_its_index()
    {
        // Thousands of jobs whose spans have crumbled: a million frames wait.
        await database.ExecuteAsync("""
            INSERT INTO jobs (id, tenant, name, state, class, priority, model, model_digest, settings, output, labels, "count", prompt_count, frame_count, lease_limit, rendered, failed, cancelled,
                              render_milliseconds, next_fence, version, created_at)
            SELECT gen_random_uuid(), 'default', '', 'Queued', 'Standard', n % 5, 'emoji', 'd', jsonb_build_object('seed', 1, 'prompt', 'x'), jsonb_build_object(), jsonb_build_object(),
                   200, 1, 200, 64, 0, 0, 0, 0, 1, 1, now() - n * interval '1 second'
            FROM generate_series(1, 5000) n;
            INSERT INTO spans (job_id, "first", "count", tries, crashes, alone, available_at, rank, priority, submitted_at)
            SELECT id, 50 * piece, 50, 0, 0, piece % 2 = 1, created_at, 1, priority, created_at FROM jobs, generate_series(0, 3) piece;
            ANALYZE jobs; ANALYZE spans;
            """);
        var plan = await ExplainAsync(database.Sql.Waiting.Replace("@limit", "200", StringComparison.Ordinal));

        Assert.Contains("Index Scan using ix_spans_queue", plan, StringComparison.Ordinal);
        Assert.DoesNotContain("Seq Scan", plan, StringComparison.Ordinal);
        Assert.DoesNotContain("Sort", plan, StringComparison.Ordinal);
        Assert.Equal(200, (await _ledger.WaitingAsync(200, Cancelled)).Count);
    }

    private async Task<string> ExplainAsync(string sql)
    {
        await using var connection = new NpgsqlConnection(database.Options.ConnectionString);
        await connection.OpenAsync(Cancelled);
        await using var command = new NpgsqlCommand($"EXPLAIN (ANALYZE, TIMING OFF) {sql}", connection);
        await using var reader = await command.ExecuteReaderAsync(Cancelled);
        var plan = new StringBuilder();
        while (await reader.ReadAsync(Cancelled))
        {
            plan.AppendLine(reader.GetString(0));
        }

        return plan.ToString();
    }

    private async Task<int> RenderAsync(IReadOnlyList<OfferedLease> leases, Random random)
    {
        foreach (var lease in leases)
        {
            Task call = random.Next(4) switch
            {
                0 => _ledger.ExpireAsync(Cancelled),
                1 => _ledger.RenewAsync(lease.Worker, 1, [lease.Offer.AttemptId], Cancelled),
                _ => _ledger.AcceptAsync([LedgerData.Accepted(lease.Offer, lease.Worker)], Cancelled),
            };
            await call;
            if (random.Next(6) == 0)
            {
                await _ledger.EndAsync([LedgerData.Ended(lease.Offer, lease.Worker, ErrorClass.Interrupted)], Cancelled);
            }
        }

        var reports = leases.Select(lease => Report(lease.Offer, lease.Offer.Frames.Select(frame => frame.Index))).ToList();
        var result = await _ledger.CommitAsync(reports, Cancelled);
        return result.Jobs.Sum(job => job.Rendered);
    }

    private static FramesRendered Report(LeaseOffered offer, IEnumerable<long> frames) => LedgerData.Rendered(offer, "ada", frames);

    private async Task<Job> SubmitAsync(long count) => (await _ledger.SubmitAsync(LedgerData.Job(count), null, Cancelled)).Job;

    private static Task<T[]> AtOnceAsync<T>(Func<int, Task<T>> call) => Task.WhenAll(Enumerable.Range(0, Connections).Select(number => Task.Run(() => call(number), Cancelled)));
}
