using Microsoft.EntityFrameworkCore;
using RenderFarm.Coordinator.Database;
using RenderFarm.Coordinator.Ledger;
using RenderFarm.Coordinator.Tests.Ledger;
using RenderFarm.Shared;
using RenderFarm.Shared.Protocol;

namespace RenderFarm.Coordinator.Tests.Database;

/// <summary>A server that ends connections all the time, in the middle of transactions and of their commits.</summary>
public sealed class BrokenConnectionTests(PostgresLedgerDatabase database) : IClassFixture<PostgresLedgerDatabase>
{
    private const int Clients = 4;
    private const int JobsOfAClient = 25;
    private static readonly TimeSpan CutEvery = TimeSpan.FromMilliseconds(50);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_job_is_made_once_and_its_frame_committed_once_however_often_connections_break()
    {
        using var ledger = database.Ledger(LedgerData.Patient);
        using var done = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var cuts = CutAsync(done.Token);
        var clients = Enumerable.Range(0, Clients).Select(client => RunAsync(ledger, client)).ToList();
        await Task.WhenAll(clients);
        await done.CancelAsync();

        Assert.True(await cuts > 0, "No connection was ended.");
        // The pool still has connections that were cut.
        Assert.Equal(Clients * JobsOfAClient, await AgainAsync(() => database.QueryAsync(db => db.Jobs.CountAsync(job => job.State == JobState.Completed, Token))));
        Assert.Equal(Clients * JobsOfAClient, await AgainAsync(() => database.QueryAsync(db => db.Jobs.CountAsync(Token))));
        Assert.Empty(await AgainAsync(() => ledger.AuditAsync(null, Token)));
    }

    private async Task<int> CutAsync(CancellationToken done)
    {
        var cuts = 0;
        var address = DatabaseAddress.Postgres(database.Options);
        address.Pooling = false;
        await using var connection = new Npgsql.NpgsqlConnection(address.ConnectionString);
        await connection.OpenAsync(Token);
        using var timer = new PeriodicTimer(CutEvery);
        try
        {
            while (await timer.WaitForNextTickAsync(done))
            {
                await using var cut = new Npgsql.NpgsqlCommand(
                    "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()", connection);
                cuts += (int)(long)(await cut.ExecuteScalarAsync(Token))!;
            }
        }
        catch (OperationCanceledException) when (done.IsCancellationRequested)
        {
        }

        return cuts;
    }

    private static async Task RunAsync(FrameLedger ledger, int client)
    {
        for (var number = 0; number < JobsOfAClient; number++)
        {
            var job = await SubmitAsync(ledger, $"client {client} job {number}");
            var attempt = Guid.NewGuid();
            var plan = new OfferPlan(attempt, job, 0, 1, "w", 1);
            await AgainAsync(() => ledger.OfferAsync([plan], Token));
            var frame = new RenderedFrame(0, 1000, ArtifactKeys.For("default", job, 0, attempt, "png"), LedgerData.Sha256, 4096, 64, 64, 250);
            var result = await AgainAsync(() => ledger.CommitAsync([new FramesRendered("w", 1, job, attempt, 1, [frame])], Token));
            Assert.Equal([0L], Assert.Single(result.Answers).Committed);
        }
    }

    /// <summary>As a client does: after an answer that tells to come back, the same request under the same key.</summary>
    private static async Task<Guid> SubmitAsync(FrameLedger ledger, string key)
    {
        var result = await AgainAsync(() => ledger.SubmitAsync(LedgerData.Job(1, key: key, hash: key), null, Token));
        Assert.NotEqual(SubmitOutcome.Conflict, result.Outcome);
        return result.Job.Id;
    }

    private static async Task<T> AgainAsync<T>(Func<Task<T>> call)
    {
        while (true)
        {
            try
            {
                return await call();
            }
            catch (Exception fault) when (DatabaseFaults.IsAway(fault))
            {
                Token.ThrowIfCancellationRequested();
            }
        }
    }
}
