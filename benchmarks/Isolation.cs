using RenderFarm.TestKit.Farms;

namespace RenderFarm.Benchmarks;

/// <summary>What a render process for each slot costs: images per second of two farms that differ in nothing else.</summary>
internal static class Isolation
{
    private const double Goal = 0.98;

    public static async Task<Report> RunAsync(int images, int pairs, CancellationToken cancellationToken)
    {
        await using var apart = await StartAsync("Process", cancellationToken);
        await using var within = await StartAsync("InProcess", cancellationToken);
        var measured = await Report.ByTurnsAsync(
            pairs,
            () => FarmVsRaw.RateAsync(apart, images, cancellationToken),
            () => FarmVsRaw.RateAsync(within, images, cancellationToken));
        var picture = FarmVsRaw.Picture;
        return new Report(
            "Rendering in a process of its own",
            "A job over HTTP, from its submit until its end is seen, on a farm whose worker renders in a process of its own (Worker:Isolation=Process) against one whose worker renders itself (InProcess). They run by turns.",
            [
                ("Images", $"{images} of {picture.Width}x{picture.Height} with the model emoji, {RawLoop.BatchSize} a batch"),
                ("Rendering", $"{picture.Steps} steps of {picture.Sampler} ({picture.Schedule}), guidance {picture.Guidance}, on the CPU with a thread per core"),
            ],
            "Process, images/s",
            "InProcess, images/s",
            measured,
            new Goal(IsAtLeast: true, Goal));
    }

    private static async Task<ServerTestFarm> StartAsync(string isolation, CancellationToken cancellationToken)
    {
        var settings = new Dictionary<string, string> { ["RENDERFARM__Worker__Isolation"] = isolation };
        var farm = await ServerTestFarm.StartAsync(coordinators: 1, workers: 1, threads: 0, settings, cancellationToken);
        await FarmVsRaw.RateAsync(farm, FarmVsRaw.WarmUp, cancellationToken);
        return farm;
    }
}
