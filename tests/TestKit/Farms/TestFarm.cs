using RenderFarm.Client;
using RenderFarm.Shared.Api;

namespace RenderFarm.TestKit.Farms;

/// <summary>A farm of real processes, in one of its two modes.</summary>
public abstract class TestFarm : IAsyncDisposable
{
    /// <summary>Models load, servers start: generous, because many tests share the machine.</summary>
    protected static readonly TimeSpan StartsWithin = TimeSpan.FromMinutes(3);

    /// <summary>A client of it, with its key.</summary>
    public abstract RenderFarmClient Client { get; }

    /// <summary>Its first address.</summary>
    public abstract Uri Address { get; }

    /// <summary>Its key.</summary>
    public abstract string Key { get; }

    /// <summary>What its processes printed.</summary>
    public abstract string Log { get; }

    /// <summary>Every process, for the end.</summary>
    protected List<FarmProcess> Processes { get; } = [];

    /// <summary>Starts a farm of this mode with one worker, and waits until it is ready.</summary>
    public static async Task<TestFarm> StartAsync(FarmMode mode, CancellationToken cancellationToken) => mode switch
    {
        FarmMode.Embedded => await EmbeddedTestFarm.StartAsync(cancellationToken),
        FarmMode.Servers => await ServerTestFarm.StartAsync(coordinators: 1, workers: 1, cancellationToken),
        _ => throw new ArgumentOutOfRangeException(nameof(mode), mode, "Known modes are Embedded and Servers."),
    };

    /// <summary>SIGKILL to the process that renders, and a new one in its place.</summary>
    public abstract Task CrashWorkerAsync(CancellationToken cancellationToken);

    /// <summary>SIGKILL to the process that coordinates, and a new one in its place.</summary>
    public abstract Task CrashCoordinatorAsync(CancellationToken cancellationToken);

    /// <summary>Runs <c>renderfarm audit</c> on its database; fails with the violations.</summary>
    public async Task AuditAsync(CancellationToken cancellationToken)
    {
        await using var audit = StartProgram("audit");
        if (await audit.ExitAsync(StartsWithin, cancellationToken) != 0)
        {
            throw new InvalidOperationException($"The ledger does not hold:\n{audit.Output}\n{Log}");
        }
    }

    /// <summary>Runs a command of the program with this farm's settings.</summary>
    public abstract FarmProcess StartProgram(params string[] arguments);

    /// <summary>Waits until the job satisfies; fails with the log.</summary>
    public Task<JobView> JobAsync(Guid id, Func<JobView, bool> satisfies, TimeSpan within, CancellationToken cancellationToken) =>
        Eventually.IsAsync(() => Client.GetJobAsync(id, cancellationToken), satisfies, within, () => Log, cancellationToken);

    /// <inheritdoc/>
    public virtual async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        foreach (var process in Processes)
        {
            await process.DisposeAsync();
        }
    }

    protected static string LogOf(string name, FarmProcess process) => $"---- {name}\n{process.Output}\n";

    /// <summary>Waits until the process says that it is ready.</summary>
    protected Task ReadyAsync(Uri address, FarmProcess process, CancellationToken cancellationToken) =>
        Ready.WaitAsync(address, process, StartsWithin, () => Log, cancellationToken);
}

/// <summary>The two ways to run a farm.</summary>
public enum FarmMode
{
    /// <summary>One process: SQLite, a bus in memory, a folder.</summary>
    Embedded,

    /// <summary>Processes of their own on PostgreSQL, RabbitMQ and S3.</summary>
    Servers,
}
