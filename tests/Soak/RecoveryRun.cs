using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace RenderFarm.Soak;

/// <summary>One fault at a time on an otherwise sound farm: how long after the heal it is as fast as before.</summary>
internal sealed class RecoveryRun(SoakFarm farm, Servers servers, SoakSize size, int turns, int seed)
{
    private const double Goal = 30;
    private const double KilledShare = 0.3;
    private const double BacklogSeconds = 120;
    private static readonly TimeSpan BaselineTime = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);

    // So long that leases run out and the farm feels it.
    private static readonly TimeSpan Outage = TimeSpan.FromSeconds(20);

    private int _turn;

    private (string Name, Func<CancellationToken, Task<long>> Run)[] Faults =>
    [
        ("Database killed and started again", async _ =>
        {
            await servers.CrashAsync(Servers.Postgres);
            await servers.StartAsync(Servers.Postgres);
            return Stopwatch.GetTimestamp();
        }),
        ("Broker killed, wiped and started again", async _ =>
        {
            await servers.CrashAsync(Servers.RabbitMq);
            await servers.WipeBrokerAsync();
            await servers.StartAsync(Servers.RabbitMq);
            return Stopwatch.GetTimestamp();
        }),
        ("A coordinator killed, nobody starts it again", async _ =>
        {
            await farm.Coordinators[_turn % farm.Coordinators.Count].KillAsync();
            return Stopwatch.GetTimestamp();
        }),
        ("30 % of the workers killed and started again", async cancellationToken =>
        {
            var killed = farm.Workers.Take((int)Math.Round(KilledShare * farm.Workers.Count)).ToList();
            await Task.WhenAll(killed.Select(worker => worker.KillAsync()));
            await Task.Delay(Outage, cancellationToken);
            killed.ForEach(worker => worker.Start());
            return Stopwatch.GetTimestamp();
        }),
        ("Store away for 20 s", async cancellationToken =>
        {
            await servers.CrashAsync(Servers.S3);
            await Task.Delay(Outage, cancellationToken);
            await servers.StartAsync(Servers.S3);
            return Stopwatch.GetTimestamp();
        }),
    ];

    /// <summary>Runs them all; the answer is the result as markdown, and whether the goal is met.</summary>
    public async Task<(string Text, bool IsMet)> RunAsync(CancellationToken cancellationToken)
    {
        await CommitLog.CreateAsync(servers.Rows, cancellationToken);
        var throughput = new Throughput(servers.Rows);
        var stream = new JobStream(farm, throughput, (long)(BacklogSeconds * size.Workers / size.FrameTime.TotalSeconds), seed);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task[] running = [throughput.RunAsync(stop.Token), stream.RunAsync(hasRealWorkers: false, stop.Token)];
        await throughput.SteadyAsync(cancellationToken);
        var measured = Faults.ToDictionary(fault => fault.Name, _ => new List<(double Baseline, TimeSpan? Time)>());
        for (; _turn < turns; _turn++)
        {
            foreach (var (name, run) in Faults)
            {
                var baseline = await throughput.MeasureAsync(BaselineTime, cancellationToken);
                var healed = await run(cancellationToken);
                var time = await throughput.RecoveryAsync(healed, baseline, Patience, cancellationToken);
                measured[name].Add((baseline, time));
                Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name}: {Words(time)}, from {baseline:F1} images/s"));
                if (farm.Coordinators[_turn % farm.Coordinators.Count].IsDown)
                {
                    farm.Coordinators[_turn % farm.Coordinators.Count].Start();
                    await farm.WorkersAsync(size.Workers, cancellationToken);
                }
            }
        }

        await stop.CancelAsync();
        await Task.WhenAll(running);
        return (Write(measured, await servers.VersionsAsync(cancellationToken)), measured.Values.All(turns => turns.TrueForAll(IsMet)));
    }

    private string Write(Dictionary<string, List<(double Baseline, TimeSpan? Time)>> measured, string versions)
    {
        var text = new StringBuilder("# Recovery\n\nOne fault at a time on a farm with a full queue. The time is that from the heal to the end of the first five seconds, lying wholly after it, ")
            .Append("in which as many images were committed as 95 % of the rate before the fault would give; it cannot be less than 5 s. Made by `./eng/soak recovery`.\n\n| Measured with | |\n| --- | --- |\n")
            .Append(CultureInfo.InvariantCulture, $"| Date | {TimeProvider.System.GetUtcNow():yyyy-MM-dd} |\n")
            .Append(CultureInfo.InvariantCulture, $"| Machine | {Machine.Cpu()}, {Environment.ProcessorCount} cores; .NET {Environment.Version} |\n")
            .Append(CultureInfo.InvariantCulture, $"| Servers | {versions} |\n")
            .Append(CultureInfo.InvariantCulture, $"| Farm | {size.Coordinators} coordinators, {size.Workers} simulated workers in {size.Processes} processes, {size.FrameTime.TotalMilliseconds:0} ms an image |\n\n")
            .Append("| Fault | Images/s before | Back at 95 %, each turn | Longest | Goal | |\n| --- | ---: | --- | ---: | ---: | --- |\n");
        foreach (var (name, turns) in measured)
        {
            var longest = turns.Select(turn => turn.Time).MaxBy(time => time ?? TimeSpan.MaxValue);
            text.Append(
                CultureInfo.InvariantCulture,
                $"| {name} | {turns.Average(turn => turn.Baseline):F1} | {string.Join(", ", turns.Select(turn => Words(turn.Time)))} | {Words(longest)} | {Goal} s | {(turns.TrueForAll(IsMet) ? "met" : "missed")} |\n");
        }

        return text.ToString();
    }

    private static bool IsMet((double Baseline, TimeSpan? Time) turn) => turn.Time is { } time && time.TotalSeconds <= Goal;

    private static string Words(TimeSpan? time) => time is { } known ? string.Create(CultureInfo.InvariantCulture, $"{known.TotalSeconds:F1} s") : $"more than {Patience.TotalSeconds:0} s";
}
