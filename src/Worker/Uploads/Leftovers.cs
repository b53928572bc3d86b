using RenderFarm.Worker.Spool;

namespace RenderFarm.Worker.Uploads;

/// <summary>Takes over what ended processes left in the spool: at the start, and again from time to time, because one that still ends lets go of it later.</summary>
internal sealed class Leftovers(PictureSpool spool, FrameUploads uploads, TimeProvider time) : IWorkerLoop
{
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(10);

    // A joining worker returns its earlier leases: what it reports before that needs not be rendered again. Nobody waits long for it.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);
    private readonly TaskCompletionSource _looked = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Ends when what was found at the start is reported and answered, or after a few seconds.</summary>
    public async Task ReportedAsync(CancellationToken cancellationToken)
    {
        await _looked.Task.WaitAsync(cancellationToken);
        try
        {
            await spool.EmptyAsync().WaitAsync(Patience, time, cancellationToken);
        }
        catch (TimeoutException)
        {
            // The rest is reported beside the new work.
        }
    }

    /// <summary>The answer is how many pictures were taken over.</summary>
    public int RunOnce()
    {
        var pictures = spool.TakeOver();
        foreach (var picture in pictures)
        {
            uploads.AddLeftover(picture);
        }

        return pictures.Count;
    }

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(Every, time);
        do
        {
            await Task.Run(RunOnce, cancellationToken);
            _looked.TrySetResult();
        }
        while (await timer.WaitForNextTickAsync(cancellationToken));
    }
}
