using System.Diagnostics;
using Npgsql;

namespace RenderFarm.Soak;

/// <summary>How many images are committed, looked up in the database past all faults, twice a second.</summary>
internal sealed class Throughput(NpgsqlDataSource rows)
{
    /// <summary>Over how long a rate is taken.</summary>
    public static readonly TimeSpan Window = TimeSpan.FromSeconds(5);

    private const double Recovered = 0.95;
    private const double Steady = 1.05;
    private const int SteadyTurns = 12;
    private static readonly TimeSpan Every = TimeSpan.FromMilliseconds(500);
    private readonly Lock _lock = new();
    private readonly List<(long At, long Images)> _samples = [];

    /// <summary>Images committed so far, as last seen.</summary>
    public long Images { get; private set; }

    /// <summary>Images that wait or are being rendered, as last seen.</summary>
    public long Waiting { get; private set; }

    /// <summary>Looks until it is told to stop; a database that is away is looked up again.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(Every);
        try
        {
            do
            {
                await LookAsync(cancellationToken);
            }
            while (await timer.WaitForNextTickAsync(cancellationToken));
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
        }
    }

    /// <summary>Images a second between two moments of which samples exist; null while they do not.</summary>
    public double? Rate(long from, long to)
    {
        lock (_lock)
        {
            var first = _samples.FindIndex(sample => sample.At >= from);
            var last = _samples.FindLastIndex(sample => sample.At <= to);
            return first >= 0 && last > first ? (_samples[last].Images - _samples[first].Images) / Stopwatch.GetElapsedTime(_samples[first].At, _samples[last].At).TotalSeconds : null;
        }
    }

    /// <summary>Images a second over the last window.</summary>
    public double Now() => Rate(Ago(Window), Stopwatch.GetTimestamp()) ?? 0;

    /// <summary>Images a second over some time from now on.</summary>
    public async Task<double> MeasureAsync(TimeSpan time, CancellationToken cancellationToken)
    {
        var start = Stopwatch.GetTimestamp();
        await Task.Delay(time, cancellationToken);
        return Rate(start, Stopwatch.GetTimestamp()) ?? throw new InvalidOperationException($"The database could not be asked for {time}.");
    }

    /// <summary>Waits until a farm that has just started gets no faster any more.</summary>
    public async Task SteadyAsync(CancellationToken cancellationToken)
    {
        var last = 0.0;
        for (var turn = 0; turn < SteadyTurns; turn++)
        {
            var now = await MeasureAsync(2 * Window, cancellationToken);
            if (now > 0 && now <= Steady * last)
            {
                return;
            }

            last = now;
        }
    }

    /// <summary>
    /// Waits until a window that begins at the heal or later reaches 95 % of the baseline; the answer is the time from the heal to the end of that
    /// window, so never less than a window. Null when it takes too long.
    /// </summary>
    public async Task<TimeSpan?> RecoveryAsync(long heal, double baseline, TimeSpan patience, CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(Every / 2);
        while (Stopwatch.GetElapsedTime(heal) < patience)
        {
            await timer.WaitForNextTickAsync(cancellationToken);
            lock (_lock)
            {
                foreach (var (at, images) in _samples.Where(sample => Stopwatch.GetElapsedTime(heal, sample.At) >= Window))
                {
                    var first = _samples.FindLast(sample => sample.At >= heal && Stopwatch.GetElapsedTime(sample.At, at) >= Window);
                    if (first.At >= heal && first.At > 0 && (images - first.Images) / Stopwatch.GetElapsedTime(first.At, at).TotalSeconds >= Recovered * baseline)
                    {
                        return Stopwatch.GetElapsedTime(heal, at);
                    }
                }
            }
        }

        return null;
    }

    private static long Ago(TimeSpan time) => Stopwatch.GetTimestamp() - (long)(time.TotalSeconds * Stopwatch.Frequency);

    private async Task LookAsync(CancellationToken cancellationToken)
    {
        try
        {
            await using var command = rows.CreateCommand(
                """
                SELECT coalesce(sum(rendered), 0)::bigint, coalesce(sum(frame_count - rendered - failed) FILTER (WHERE state IN ('Queued', 'Running')), 0)::bigint
                FROM jobs WHERE model = $1
                """);
            command.Parameters.Add(new NpgsqlParameter { Value = SoakFarm.Model });
            command.CommandTimeout = 5;
            await using var reader = await command.ExecuteReaderAsync(cancellationToken);
            await reader.ReadAsync(cancellationToken);
            lock (_lock)
            {
                (Images, Waiting) = (reader.GetInt64(0), reader.GetInt64(1));
                _samples.Add((Stopwatch.GetTimestamp(), Images));
            }
        }
        catch (Exception ex) when (ex is NpgsqlException or TimeoutException or InvalidOperationException && !cancellationToken.IsCancellationRequested)
        {
            // It is down; the next look tells.
        }
    }
}
