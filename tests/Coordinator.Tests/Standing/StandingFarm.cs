using MassTransit;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using RenderFarm.Coordinator.Database;
using RenderFarm.Coordinator.Feed;
using RenderFarm.Coordinator.Ledger;
using RenderFarm.Coordinator.Standing;
using RenderFarm.Coordinator.Tests.Ledger;
using RenderFarm.Coordinator.Workers;
using RenderFarm.ServiceDefaults.Bus;
using RenderFarm.Shared;
using RenderFarm.Shared.Protocol;

namespace RenderFarm.Coordinator.Tests.Standing;

/// <summary>What judges workers, on a bus in memory over the database of a test class, with workers ada, bob and cy that keep what they are told.</summary>
internal sealed class StandingFarm : IAsyncDisposable
{
    private static readonly string[] Names = ["ada", "bob", "cy"];
    private static readonly string[] Tables = ["jobs", "workers", "worker_blocks", "strikes", "incidents"];
    private readonly LedgerDatabase _database;
    private readonly IHost _host;

    private StandingFarm(LedgerDatabase database, IHost host) => (_database, _host, Ledger) = (database, host, database.Ledger(LedgerData.Patient));

    public Told Told => Get<Told>();

    public FrameLedger Ledger { get; }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public static async Task<StandingFarm> StartAsync(LedgerDatabase database)
    {
        foreach (var table in Tables)
        {
            await database.ExecuteAsync($"DELETE FROM {table}");
        }

        var builder = Host.CreateEmptyApplicationBuilder(null);
        var services = builder.Services;
        services.AddSingleton(TimeProvider.System).AddSingleton(database.Factory).AddSingleton<Told>();
        services.AddSingleton<FarmFeed>().AddSingleton<Announcer>();
        services.AddSingleton(new LeaderLock(Options.Create(database.Options), Options.Create(LedgerData.Patient), () => true, TimeProvider.System, NullLogger<LeaderLock>.Instance));
        services.AddSingleton<TellWorker>().AddSingleton<DrainWorker>().AddSingleton<BlockWorker>();
        services.AddSingleton<RecordStrikes>().AddSingleton<JudgeWorkers>().AddSingleton<LiftMeasures>().AddSingleton<ExcuseStrikes>();
        services.AddSingleton<Incidents>().AddSingleton<WatchWorkers>().AddOptions<StandingOptions>();
        services.AddBusPart(new BusPart(
            bus => bus.AddConsumer<ToldConsumer>(),
            [.. Names.Select(name => new BusQueue(QueueNames.Worker(name, 1), QueueKind.Worker, 1, (context, endpoint) => endpoint.ConfigureConsumer<ToldConsumer>(context)))]));
        services.AddFarmBus(builder.Configuration);
        var farm = new StandingFarm(database, builder.Build());
        await farm._host.StartAsync(Token);
        await database.QueryAsync(async db =>
        {
            var now = await db.NowAsync(Token);
            db.Workers.AddRange(Names.Select(name => LedgerData.Worker(name, now, batchSize: 4, new WorkerModel("emoji", "digest", "sd1", 64, 64, 32, 1, null))));
            return await db.SaveChangesAsync(Token);
        });
        return farm;
    }

    public T Get<T>()
        where T : notnull => _host.Services.GetRequiredService<T>();

    public Task<FarmWorker> WorkerAsync(string name) => _database.QueryAsync(db => db.Workers.AsNoTracking().SingleAsync(x => x.Name == name, Token));

    public Task<List<Strike>> StrikesAsync() => _database.QueryAsync(db => db.Strikes.AsNoTracking().OrderBy(x => x.At).ToListAsync(Token));

    /// <summary>Blocks as <c>worker scope target</c>.</summary>
    public Task<List<string>> BlocksAsync() =>
        _database.QueryAsync(async db => (await db.WorkerBlocks.AsNoTracking().ToListAsync(Token)).Select(x => $"{x.Worker} {x.Scope} {x.Target}").Order().ToList());

    public async Task<Guid> SubmitAsync() => (await Ledger.SubmitAsync(LedgerData.Job(100), null, Token)).Job.Id;

    /// <summary>Leases the next frames of a job to a worker.</summary>
    public async Task<LeaseOffered> LeaseAsync(Guid job, string worker, int count = 4)
    {
        var span = await _database.QueryAsync(db => db.Spans.AsNoTracking().Where(x => x.JobId == job).OrderByDescending(x => x.Count).FirstAsync(Token));
        return Assert.Single((await Ledger.OfferAsync([new OfferPlan(Guid.NewGuid(), job, span.First, count, worker, 1)], Token)).Leases).Offer;
    }

    /// <summary>Leases a frame to a worker, which renders it.</summary>
    public async Task RenderAsync(Guid job, string worker)
    {
        var offer = await LeaseAsync(job, worker, 1);
        await Ledger.CommitAsync([LedgerData.Rendered(offer, worker, offer.Frames[0].Index)], Token);
    }

    /// <summary>Leases frames to a worker, which fails on them.</summary>
    public async Task FailAsync(Guid job, string worker, ErrorClass? errorClass) =>
        await EndAsync(LedgerData.Ended(await LeaseAsync(job, worker), worker, errorClass, "CUDA error 700"));

    /// <summary>As the coordinator's consumer does.</summary>
    public async Task EndAsync(params IReadOnlyList<LeaseEnded> reports)
    {
        var strikes = Get<RecordStrikes>();
        var result = await Ledger.EndAsync(reports, Token, (db, now, end) => strikes.WriteAsync(db, reports, end, now, Token));
        await strikes.JudgeAsync(reports, result, Token);
    }

    /// <summary>Makes all strikes so much older.</summary>
    public Task<int> AgeAsync(TimeSpan by) => _database.QueryAsync(async db =>
    {
        foreach (var strike in await db.Strikes.AsNoTracking().ToListAsync(Token))
        {
            var at = strike.At - by;
            await db.Strikes.Where(x => x.Id == strike.Id).ExecuteUpdateAsync(x => x.SetProperty(s => s.At, at), Token);
        }

        return 0;
    });

    public Task<int> ChangeAsync(string worker, Action<FarmWorker> change) => _database.QueryAsync(async db =>
    {
        change(await db.Workers.SingleAsync(x => x.Name == worker, Token));
        return await db.SaveChangesAsync(Token);
    });

    public async ValueTask DisposeAsync()
    {
        await _host.StopAsync(CancellationToken.None);
        _host.Dispose();
        Ledger.Dispose();
    }
}
