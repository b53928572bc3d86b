using System.Diagnostics;
using Npgsql;
using RenderFarm.Coordinator.Database;
using RenderFarm.Coordinator.Jobs;
using RenderFarm.Coordinator.Ledger;
using RenderFarm.Shared;
using RenderFarm.Shared.Protocol;
using RenderFarm.Shared.Settings;
using RenderFarm.TestKit.Services;

namespace RenderFarm.Benchmarks.Queues;

/// <summary>The ledger alone, on a PostgreSQL database of its own, driven as a coordinator drives it: look at the queue, offer, accept, commit.</summary>
internal sealed class LedgerDrive : IAsyncDisposable
{
    private const int Leases = 10;
    private const int Frames = NoOpTasks.JobSize;
    private const int SpansPerTick = 256;
    private static readonly string Sha256 = new('a', 64);
    private readonly TestPostgres _database;
    private readonly FarmDbFactory _factory;
    private readonly FrameLedger _ledger;

    private LedgerDrive(TestPostgres database, DatabaseOptions options)
    {
        _database = database;
        _factory = new FarmDbFactory(options);
        _ledger = new FrameLedger(_factory, new PostgresLedgerSql(), new LedgerOptions { AcceptWithin = TimeSpan.FromHours(1), LeaseFor = TimeSpan.FromHours(1) });
    }

    /// <summary>Images of one turn.</summary>
    public static int ImagesPerTurn => Leases * Frames;

    /// <summary>Images committed so far.</summary>
    public long Committed { get; private set; }

    public static async Task<LedgerDrive> StartAsync(CancellationToken cancellationToken)
    {
        var database = await TestPostgres.CreateDatabaseAsync(cancellationToken);
        var options = new DatabaseOptions { Provider = DatabaseProvider.Postgres, ConnectionString = database.ConnectionString };
        await FarmSchema.ApplyAsync(options, cancellationToken);
        return new LedgerDrive(database, options);
    }

    /// <summary>Puts jobs of 64 images into the queue.</summary>
    public Task FillAsync(long images, CancellationToken cancellationToken) => Parallel.ForAsync(
        0, (images + Frames - 1) / Frames, new ParallelOptions { MaxDegreeOfParallelism = 4, CancellationToken = cancellationToken },
        async (_, cancellation) => await _ledger.SubmitAsync(NewJob(), null, cancellation));

    /// <summary>Ten leases from the queue's head to their commits; the answer is the milliseconds it took. The queue is then as long as before.</summary>
    public async Task<double> TurnAsync(CancellationToken cancellationToken)
    {
        var start = Stopwatch.GetTimestamp();
        var waiting = await _ledger.WaitingAsync(SpansPerTick, cancellationToken);
        var plans = waiting.Take(Leases).Select(span => new OfferPlan(Guid.NewGuid(), span.JobId, span.First, Frames, "worker", 1)).ToList();
        var offered = await _ledger.OfferAsync(plans, cancellationToken);
        await _ledger.AcceptAsync([.. offered.Leases.Select(x => new LeaseAccepted(x.Worker, x.WorkerEpoch, x.Offer.JobId, x.Offer.AttemptId, x.Offer.Fence))], cancellationToken);
        var result = await _ledger.CommitAsync([.. offered.Leases.Select(x => Rendered(x.Offer))], cancellationToken);
        var took = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        if (result.Answers.Sum(x => x.Committed.Count) != ImagesPerTurn)
        {
            throw new InvalidOperationException($"A turn committed {result.Answers.Sum(x => x.Committed.Count)} of {ImagesPerTurn} images.");
        }

        Committed += ImagesPerTurn;
        await FillAsync(ImagesPerTurn, cancellationToken);
        return took;
    }

    /// <summary>Holds a snapshot open, as a long report or a stuck session does, until it is disposed.</summary>
    public async Task<IAsyncDisposable> HoldSnapshotAsync(CancellationToken cancellationToken)
    {
        var connection = new NpgsqlConnection(_database.ConnectionString);
        await connection.OpenAsync(cancellationToken);
        await using var command = new NpgsqlCommand("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM workers", connection);
        await command.ExecuteScalarAsync(cancellationToken);
        return connection;
    }

    public async ValueTask DisposeAsync()
    {
        _ledger.Dispose();
        await _factory.DisposeAsync();
        await _database.DisposeAsync();
    }

    private static Job NewJob() => new()
    {
        Id = Guid.CreateVersion7(),
        Class = JobClass.Standard,
        Priority = 0,
        Model = "emoji",
        ModelDigest = "digest",
        Settings = new RenderSettings { Prompt = "a pizza on a blue background", Width = 128, Height = 128, Seed = 0 },
        Output = new OutputSettings(),
        Count = Frames,
        PromptCount = 1,
        FrameCount = Frames,
    };

    private static FramesRendered Rendered(LeaseOffered offer) => new(
        "worker", 1, offer.JobId, offer.AttemptId, offer.Fence,
        [.. offer.Frames.Select(x => new RenderedFrame(
            x.Index, x.Seed, ArtifactKeys.For(offer.Tenant, offer.JobId, x.Index, offer.AttemptId, offer.Output.Format), Sha256, 20_000, 128, 128, 500))]);
}
