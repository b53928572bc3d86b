using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using RenderFarm.Coordinator.Database;
using RenderFarm.Coordinator.Feed;
using RenderFarm.Coordinator.Leases;
using RenderFarm.Coordinator.Ledger;
using RenderFarm.Coordinator.Scheduling;
using RenderFarm.Coordinator.Standing;
using RenderFarm.Coordinator.Tests.Ledger;
using RenderFarm.Coordinator.Workers;
using RenderFarm.ServiceDefaults.Bus;

namespace RenderFarm.Coordinator.Tests.Scheduling;

/// <summary>What only a leader runs, on a database that others may lead on as well, and a bus of its own where nobody listens.</summary>
internal sealed class LeadingCoordinator : IAsyncDisposable
{
    private readonly IHost _host;
    private readonly LeaderLock _leader;

    private LeadingCoordinator(IHost host, LedgerDatabase database, LedgerOptions options)
    {
        _host = host;
        Ledger = database.Ledger(options);
        _leader = new LeaderLock(Options.Create(database.Options), Options.Create(options), () => true, Time, NullLogger<LeaderLock>.Instance);
        var sender = host.Services.GetRequiredService<FarmSender>();
        var announcer = new Announcer(new FarmFeed(TimeProvider.System), sender, TimeProvider.System, NullLogger<Announcer>.Instance);
        var news = new LedgerNews(announcer);
        Beats = new WorkerBeats(database.Factory, announcer);
        Workers = new LoseWorkers(database.Factory, _leader, announcer, TimeProvider.System, NullLogger<LoseWorkers>.Instance);
        Match = new MatchWork(
            new ReadyWorkers(database.Factory, TimeProvider.System), new ModelPaces(Ledger, TimeProvider.System), Ledger, new Dispatch(sender, Ledger, Workers, news, TimeProvider.System, NullLogger<Dispatch>.Instance), news,
            new StrandedJobs(NullLogger<StrandedJobs>.Instance), TimeProvider.System);
        var standing = Options.Create(new StandingOptions());
        var lift = new LiftMeasures(database.Factory, new TellWorker(sender, TimeProvider.System, NullLogger<TellWorker>.Instance), announcer, standing, NullLogger<LiftMeasures>.Instance);
        var incidents = new Incidents(database.Factory, new ExcuseStrikes(database.Factory, lift, standing), NullLogger<Incidents>.Instance);
        Expire = new ExpireLeases(Ledger, news, _leader, Workers, incidents, Options.Create(options), TimeProvider.System, NullLogger<ExpireLeases>.Instance);
    }

    /// <summary>The leader's own clock; it started an hour ago.</summary>
    public FakeTimeProvider Time { get; } = NewTime();

    public FrameLedger Ledger { get; }

    public LeaderLock Leader => _leader;

    public MatchWork Match { get; }

    public ExpireLeases Expire { get; }

    public LoseWorkers Workers { get; }

    public WorkerBeats Beats { get; }

    public static async Task<LeadingCoordinator> StartAsync(LedgerDatabase database, LedgerOptions options, CancellationToken cancellationToken)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?> { ["Bus:Transport"] = "InMemory" });
        builder.Services.AddFarmBus(builder.Configuration);
        var host = builder.Build();
        await host.StartAsync(cancellationToken);
        return new LeadingCoordinator(host, database, options);
    }

    private static FakeTimeProvider NewTime()
    {
        var time = new FakeTimeProvider();
        time.Advance(TimeSpan.FromHours(1));
        return time;
    }

    public async ValueTask DisposeAsync()
    {
        await _leader.DisposeAsync();
        Ledger.Dispose();
        Workers.Dispose();
        Expire.Dispose();
        await _host.StopAsync();
        _host.Dispose();
    }
}
