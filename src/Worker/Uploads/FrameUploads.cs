using System.Threading.Channels;
using RenderFarm.ServiceDefaults.Failpoints;
using RenderFarm.Shared;
using RenderFarm.Shared.Protocol;
using RenderFarm.Shared.Settings;
using RenderFarm.Worker.Commits;
using RenderFarm.Worker.Leases;
using RenderFarm.Worker.Rendering;

namespace RenderFarm.Worker.Uploads;

/// <summary>Stores finished frames while the next batch is rendered, and hands them on to be committed.</summary>
internal sealed class FrameUploads(HeldLeases leases, StoredFrames store, FrameCommits commits) : IWorkerLoop
{
    private const int AtATime = 4;

    private readonly Channel<FinishedFrame> _finished = Channel.CreateUnbounded<FinishedFrame>();

    /// <summary>Hands a picture over.</summary>
    public void Add(FinishedFrame frame) => _finished.Writer.TryWrite(frame);

    public Task RunAsync(CancellationToken cancellationToken) => Parallel.ForEachAsync(
        _finished.Reader.ReadAllAsync(cancellationToken),
        new ParallelOptions { MaxDegreeOfParallelism = AtATime, CancellationToken = cancellationToken },
        async (frame, cancellation) => await UploadAsync(frame, cancellation));

    private async Task UploadAsync(FinishedFrame frame, CancellationToken cancellationToken)
    {
        var (lease, offer) = (frame.Row.Lease, frame.Row.Lease.Offer);
        using var wanted = CancellationTokenSource.CreateLinkedTokenSource(lease.Revoked, cancellationToken);
        var key = ArtifactKeys.For(offer.Tenant, offer.JobId, frame.Row.Frame.Index, offer.AttemptId, offer.Output.Format);
        try
        {
            wanted.Token.ThrowIfCancellationRequested();
            await store.PutAsync(key, await File.ReadAllBytesAsync(frame.File, wanted.Token), OutputSettings.MediaTypeOf(offer.Output.Format), wanted.Token);
            Failpoint.Reach("upload.after_put");
            File.Delete(frame.File);
            commits.Add(lease, Rendered(frame, key));
        }
        catch (OperationCanceledException) when (lease.Revoked.IsCancellationRequested)
        {
            // The write may have gone through before it was cancelled.
            store.Discard(key);
            File.Delete(frame.File);
        }
        catch (Exception ex) when (!cancellationToken.IsCancellationRequested)
        {
            leases.GiveUp(lease, [frame.Row.Frame.Index], new LeaseEnding(AttemptOutcome.Failed, ErrorClass.Worker, $"Frame {frame.Row.Frame.Index} could not be stored: {ex.Message}"));
        }
    }

    private static RenderedFrame Rendered(FinishedFrame frame, string key) => new(
        frame.Row.Frame.Index,
        frame.Picture.Seed,
        key,
        frame.Picture.Sha256,
        frame.Picture.Bytes,
        frame.Picture.Width,
        frame.Picture.Height,
        (int)frame.Picture.RenderTime.TotalMilliseconds);
}

/// <summary>A frame whose picture lies in a file.</summary>
internal sealed record FinishedFrame(BatchRow Row, string File, RenderedPicture Picture);
