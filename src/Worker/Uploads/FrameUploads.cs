using System.Security.Cryptography;
using System.Threading.Channels;
using RenderFarm.Diffusion;
using RenderFarm.Shared;
using RenderFarm.Shared.Protocol;
using RenderFarm.Shared.Settings;
using RenderFarm.Worker.Commits;
using RenderFarm.Worker.Leases;
using RenderFarm.Worker.Rendering;

namespace RenderFarm.Worker.Uploads;

/// <summary>Encodes and stores finished frames while the next batch is rendered, and hands them on to be committed.</summary>
internal sealed class FrameUploads(HeldLeases leases, StoredFrames store, FrameCommits commits) : IWorkerLoop
{
    // Decoded pictures are large, so few wait: when the store is away, rendering stops soon after.
    private const int Capacity = 16;
    private const int AtATime = 4;

    private readonly Channel<FinishedFrame> _finished = Channel.CreateBounded<FinishedFrame>(Capacity);

    /// <summary>Hands a picture over; waits while too many are on their way.</summary>
    public ValueTask AddAsync(FinishedFrame frame, CancellationToken cancellationToken) => _finished.Writer.WriteAsync(frame, cancellationToken);

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
            var image = Encode(frame);
            await store.PutAsync(key, image, OutputSettings.MediaTypeOf(offer.Output.Format), wanted.Token);
            commits.Add(lease, new RenderedFrame(
                frame.Row.Frame.Index,
                frame.Image.Request.Seed,
                key,
                Convert.ToHexStringLower(SHA256.HashData(image.Span)),
                image.Length,
                frame.Image.Width,
                frame.Image.Height,
                (int)frame.RenderTime.TotalMilliseconds));
        }
        catch (OperationCanceledException) when (lease.Revoked.IsCancellationRequested)
        {
            // The write may have gone through before it was cancelled.
            store.Discard(key);
        }
        catch (Exception ex) when (!cancellationToken.IsCancellationRequested)
        {
            leases.GiveUp(lease, frames: 1, new LeaseEnding(AttemptOutcome.Failed, ErrorClass.Worker, $"Frame {frame.Row.Frame.Index} could not be encoded or stored: {ex.Message}"));
        }
    }

    private static ReadOnlyMemory<byte> Encode(FinishedFrame frame)
    {
        using var stream = new MemoryStream();
        var offer = frame.Row.Lease.Offer;
        frame.Image.Write(stream, PictureFile.Of(offer.Output), PictureText.Of(offer, frame.Row.Frame, frame.Image));
        return stream.GetBuffer().AsMemory(0, (int)stream.Length);
    }
}

/// <summary>A rendered picture and the frame that it is.</summary>
/// <param name="Row">The frame.</param>
/// <param name="Image">The picture.</param>
/// <param name="RenderTime">The batch's time over its frames.</param>
internal sealed record FinishedFrame(BatchRow Row, RenderedImage Image, TimeSpan RenderTime);
