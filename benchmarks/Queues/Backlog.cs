using System.Diagnostics;

namespace RenderFarm.Benchmarks.Queues;

/// <summary>Whether offering and committing cost the same however much waits, has been done, or is kept visible by an old snapshot.</summary>
internal static class Backlog
{
    private const long Short = 1000;
    private const int TurnsAtOnce = 10;

    /// <summary>Measures a long queue, many finished images, and a snapshot, each by turns with a fresh ledger and a short queue.</summary>
    public static async Task<Figures> RunAsync(long images, int turns, TimeSpan snapshot, CancellationToken cancellationToken)
    {
        await using var calm = await StartAsync(Short, cancellationToken);
        await using var busy = await StartAsync(images, cancellationToken);
        var queued = await CompareAsync("a long queue", busy, calm, (done, _) => done < turns, cancellationToken);
        while (busy.Committed < images)
        {
            await busy.TurnAsync(cancellationToken);
        }

        // Both have the same queue now; one of them has the history as well.
        await using var fresh = await StartAsync(images, cancellationToken);
        var finished = await CompareAsync("many finished images", busy, fresh, (done, _) => done < turns, cancellationToken);
        await using var pinned = await StartAsync(Short, cancellationToken);
        await using var other = await StartAsync(Short, cancellationToken);
        IReadOnlyList<(double, double)> held;
        await using (await pinned.HoldSnapshotAsync(cancellationToken))
        {
            held = await CompareAsync("an old snapshot", pinned, other, (_, time) => time < snapshot, cancellationToken);
        }

        return new Figures(
            "Offers and commits under a backlog",
            $"One turn looks at the queue, offers ten leases of {NoOpTasks.JobSize} images, accepts and commits them, through the ledger alone; then the queue is filled up again. Turns on two databases alternate, {TurnsAtOnce} at a time. Figures are ratios of the first to the second, but for throughput.",
            [
                ("Queue", $"jobs of {NoOpTasks.JobSize} images"),
                ("Turns", $"{turns} each; with the snapshot as many as {snapshot} allow: {held.Count}"),
                ("Milliseconds of a turn", $"{Mean(queued, x => x.Other):F1} at {Short:N0} queued, {Mean(queued, x => x.First):F1} at {images:N0}, {Mean(finished, x => x.First):F1} after {images:N0} finished"),
            ],
            [],
            [
                new Figure($"{images:N0} queued against {Short:N0}: mean", Mean(queued, x => x.First) / Mean(queued, x => x.Other), new Goal(false, 1.3)),
                new Figure($"{images:N0} queued against {Short:N0}: p99", P99(queued, x => x.First) / P99(queued, x => x.Other), new Goal(false, 1.6)),
                new Figure($"{images:N0} finished against none: mean", Mean(finished, x => x.First) / Mean(finished, x => x.Other), new Goal(false, 1.25)),
                new Figure($"A snapshot held for {snapshot.TotalMinutes:0.#} minutes against none: throughput", Mean(held, x => x.Other) / Mean(held, x => x.First), new Goal(true, 0.85)),
                new Figure("The same in the last tenth of that time", Mean(Last(held), x => x.Other) / Mean(Last(held), x => x.First), null),
            ]);
    }

    private static async Task<LedgerDrive> StartAsync(long images, CancellationToken cancellationToken)
    {
        var drive = await LedgerDrive.StartAsync(cancellationToken);
        await drive.FillAsync(images, cancellationToken);
        for (var turn = 0; turn < TurnsAtOnce; turn++)
        {
            await drive.TurnAsync(cancellationToken);
        }

        return drive;
    }

    private static async Task<IReadOnlyList<(double First, double Other)>> CompareAsync(
        string what, LedgerDrive first, LedgerDrive other, Func<int, TimeSpan, bool> goesOn, CancellationToken cancellationToken)
    {
        var measured = new List<(double, double)>();
        var start = Stopwatch.GetTimestamp();
        while (goesOn(measured.Count, Stopwatch.GetElapsedTime(start)))
        {
            var firsts = await ManyAsync(first, cancellationToken);
            measured.AddRange(firsts.Zip(await ManyAsync(other, cancellationToken)));
        }

        Console.WriteLine($"{what}: {measured.Count} turns, mean {Mean(measured, x => x.First):F1} against {Mean(measured, x => x.Other):F1} ms");
        return measured;
    }

    private static async Task<List<double>> ManyAsync(LedgerDrive drive, CancellationToken cancellationToken)
    {
        var took = new List<double>();
        for (var turn = 0; turn < TurnsAtOnce; turn++)
        {
            took.Add(await drive.TurnAsync(cancellationToken));
        }

        return took;
    }

    private static IReadOnlyList<(double First, double Other)> Last(IReadOnlyList<(double First, double Other)> turns) => [.. turns.Skip(turns.Count * 9 / 10)];

    private static double Mean(IReadOnlyList<(double First, double Other)> turns, Func<(double First, double Other), double> side) => turns.Average(side);

    private static double P99(IReadOnlyList<(double First, double Other)> turns, Func<(double First, double Other), double> side) =>
        turns.Select(side).Order().ElementAt((int)Math.Ceiling(turns.Count * 0.99) - 1);
}
