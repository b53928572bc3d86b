using System.Diagnostics;
using System.Globalization;
using Npgsql;
using RenderFarm.Shared.Api;
using RenderFarm.Shared.Settings;
using RenderFarm.TestKit.Farms;

namespace RenderFarm.Benchmarks.Queues;

/// <summary>A coordinator on real servers whose workers only pretend to render: what is measured is everything but the rendering.</summary>
internal sealed class SimulatedFarm : IAsyncDisposable
{
    private static readonly TimeSpan JoinsWithin = TimeSpan.FromMinutes(3);
    private static readonly TimeSpan DoneWithin = TimeSpan.FromMinutes(10);
    private readonly NpgsqlDataSource _database;
    private readonly List<FarmProcess> _simulators = [];

    private SimulatedFarm(ServerTestFarm farm)
    {
        Farm = farm;
        _database = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(farm.Settings["RENDERFARM__Database__ConnectionString"]) { MaxPoolSize = 2 }.ConnectionString);
    }

    public ServerTestFarm Farm { get; }

    /// <summary>Starts a coordinator and, in one more process, workers whose frames take <paramref name="frameTime"/> each.</summary>
    public static async Task<SimulatedFarm> StartAsync(int workers, TimeSpan frameTime, CancellationToken cancellationToken)
    {
        var farm = new SimulatedFarm(await ServerTestFarm.StartAsync(coordinators: 1, workers: 0, cancellationToken));
        await farm.AddWorkersAsync(workers, frameTime, cancellationToken);
        return farm;
    }

    /// <summary>More workers, in a process of their own; returns when the farm counts them as ready.</summary>
    public async Task AddWorkersAsync(int workers, TimeSpan frameTime, CancellationToken cancellationToken)
    {
        if (workers == 0)
        {
            return;
        }

        var time = string.Create(CultureInfo.InvariantCulture, $"{frameTime.TotalMilliseconds:0}ms");
        var simulator = Farm.StartProgram("simulate", "--workers", $"{workers}", "--frame-time", time, "--no-upload");
        _simulators.Add(simulator);
        await Eventually.IsAsync(
            async () => await CountAsync("SELECT count(*) FROM workers WHERE state = 'Ready'", cancellationToken),
            ready => ready >= workers, JoinsWithin, () => simulator.Output + Farm.Log, cancellationToken);
    }

    /// <summary>Submits images in jobs and waits until all are committed, asking every <paramref name="askEvery"/>; the answer is the seconds from the first submit.</summary>
    public async Task<double> RenderAsync(int images, int jobSize, TimeSpan askEvery, CancellationToken cancellationToken)
    {
        var before = await RenderedAsync(cancellationToken);
        var start = Stopwatch.GetTimestamp();
        await SubmitAsync(images, jobSize, cancellationToken);
        while (await RenderedAsync(cancellationToken) < before + images)
        {
            if (Stopwatch.GetElapsedTime(start) > DoneWithin)
            {
                throw new TimeoutException($"{await RenderedAsync(cancellationToken) - before} of {images} images after {DoneWithin}.\n{Farm.Log}");
            }

            await Task.Delay(askEvery, cancellationToken);
        }

        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    /// <summary>Submits images in jobs, ten clients at a time.</summary>
    public Task SubmitAsync(int images, int jobSize, CancellationToken cancellationToken) => Parallel.ForAsync(
        0, (images + jobSize - 1) / jobSize, new ParallelOptions { MaxDegreeOfParallelism = 10, CancellationToken = cancellationToken },
        async (job, cancellation) => await Farm.Client.SubmitAsync(JobOf(Math.Min(jobSize, images - (job * jobSize))), cancellationToken: cancellation));

    /// <summary>Images of all jobs that are committed.</summary>
    public Task<long> RenderedAsync(CancellationToken cancellationToken) => CountAsync("SELECT coalesce(sum(rendered), 0)::bigint FROM jobs", cancellationToken);

    /// <summary>Jobs that have not ended.</summary>
    public async Task<IReadOnlyList<Guid>> JobsAsync(CancellationToken cancellationToken)
    {
        await using var command = _database.CreateCommand("SELECT id FROM jobs WHERE finished_at IS NULL");
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var jobs = new List<Guid>();
        while (await reader.ReadAsync(cancellationToken))
        {
            jobs.Add(reader.GetGuid(0));
        }

        return jobs;
    }

    /// <summary>A number that a query gives.</summary>
    public async Task<long> CountAsync(string sql, CancellationToken cancellationToken)
    {
        await using var command = _database.CreateCommand(sql);
        return (long)(await command.ExecuteScalarAsync(cancellationToken))!;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var simulator in _simulators)
        {
            await simulator.DisposeAsync();
        }

        await _database.DisposeAsync();
        await Farm.DisposeAsync();
    }

    private static JobRequest JobOf(long images) => new()
    {
        Model = "emoji",
        Count = images,
        Settings = new RenderSettings { Prompt = "a pizza on a blue background", Seed = 0 },
    };
}
