using System.Diagnostics;
using System.Globalization;
using RenderFarm.TestKit.Farms;

namespace RenderFarm.Soak;

/// <summary>A run: a baseline, then storms of faults, each followed by the time that the farm takes to be as fast as before, then the verdict.</summary>
internal sealed class SoakRun(SoakFarm farm, Servers servers, SoakSize size, int seed)
{
    /// <summary>What recovery is waited for after a storm.</summary>
    public static readonly TimeSpan RecoveryPatience = TimeSpan.FromSeconds(60);

    private const double FaultsPerSecond = 1.5;
    private const double BacklogSeconds = 40;
    private static readonly TimeSpan BaselineTime = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan StormTime = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan SayEvery = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan DoneWithin = TimeSpan.FromMinutes(10);
    private readonly Random _random = new(seed);
    private readonly long _start = Stopwatch.GetTimestamp();
    private readonly List<TimeSpan?> _recoveries = [];
    private string _phase = "warming up";

    public async Task<SoakResult> RunAsync(TimeSpan length, CancellationToken cancellationToken)
    {
        await CommitLog.CreateAsync(servers.Rows, cancellationToken);
        var throughput = new Throughput(servers.Rows);
        var storm = new FaultStorm(new FaultChoice(farm, _random), _random);
        var watch = new Watch(farm, storm.IsHit);
        var stream = new JobStream(farm, throughput, (long)(BacklogSeconds * size.Workers / size.FrameTime.TotalSeconds), _random.Next());
        using var stopSubmits = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var stopLooking = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var submits = stream.RunAsync(size.RealWorkers > 0, stopSubmits.Token);
        Task[] looking = [throughput.RunAsync(stopLooking.Token), watch.RunAsync(stopLooking.Token), SayAsync(throughput, storm, stream, stopLooking.Token)];

        await throughput.SteadyAsync(cancellationToken);
        _phase = "baseline";
        var baseline = await throughput.MeasureAsync(BaselineTime, cancellationToken);
        Say(string.Create(CultureInfo.InvariantCulture, $"baseline {baseline:F1} images/s"));
        var begin = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(begin) < length)
        {
            _phase = $"storm {_recoveries.Count + 1}";
            var healed = await storm.RunAsync(StormTime, FaultsPerSecond, cancellationToken);
            _phase = $"recovery {_recoveries.Count + 1}";
            _recoveries.Add(await throughput.RecoveryAsync(healed, baseline, RecoveryPatience, cancellationToken));
        }

        _phase = "finishing";
        await stopSubmits.CancelAsync();
        await submits;
        var stuck = await FinishAsync(stream, cancellationToken);
        await stopLooking.CancelAsync();
        await Task.WhenAll(looking);
        Say("verifying");
        var verdict = await new Verification(servers).RunAsync(stream.Jobs, [.. stream.Violations, .. stuck, .. await AuditAsync(cancellationToken)], cancellationToken);
        return new SoakResult(seed, size, length, baseline, throughput.Images, stream, storm.Kinds, _recoveries, [.. watch.Fallen], verdict, await servers.VersionsAsync(cancellationToken));
    }

    /// <summary>Waits until every job has ended; the answer is those that did not.</summary>
    private async Task<IReadOnlyList<string>> FinishAsync(JobStream stream, CancellationToken cancellationToken)
    {
        async Task<long> OpenAsync()
        {
            await using var command = servers.Rows.CreateCommand("SELECT count(*) FROM jobs WHERE state NOT IN ('Completed', 'Failed', 'Cancelled')");
            return (long)(await command.ExecuteScalarAsync(cancellationToken))!;
        }

        try
        {
            await Eventually.IsAsync(OpenAsync, open => open == 0, DoneWithin, null, cancellationToken);
            return [];
        }
        catch (TimeoutException)
        {
            return [$"{await OpenAsync()} of {stream.Jobs.Count} jobs were not done {DoneWithin} after everything was healed"];
        }
    }

    private async Task<IReadOnlyList<string>> AuditAsync(CancellationToken cancellationToken)
    {
        try
        {
            await farm.RunAsync(["audit"], cancellationToken);
            return [];
        }
        catch (InvalidOperationException ex)
        {
            return [ex.Message];
        }
    }

    private async Task SayAsync(Throughput throughput, FaultStorm storm, JobStream stream, CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(SayEvery);
        try
        {
            while (await timer.WaitForNextTickAsync(cancellationToken))
            {
                var last = _recoveries.Count == 0 ? "" : $", recovered in {(_recoveries[^1] is { } time ? string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:F1} s") : "more than a minute")}";
                Say(string.Create(
                    CultureInfo.InvariantCulture,
                    $"{_phase}: {throughput.Images} images, {throughput.Now():F1}/s, {throughput.Waiting} wait, {stream.Jobs.Count} jobs, {storm.Count} faults ({storm.Active} now){last}"));
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
        }
    }

    private void Say(string text) => Console.WriteLine($"[{Stopwatch.GetElapsedTime(_start):mm\\:ss}] {text}");
}
