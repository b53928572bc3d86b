using System.Threading.Channels;
using RenderFarm.ServiceDefaults.Failpoints;
using RenderFarm.Shared;
using RenderFarm.Shared.Settings;
using RenderFarm.Worker.Commits;
using RenderFarm.Worker.Leases;
using RenderFarm.Worker.Spool;

namespace RenderFarm.Worker.Uploads;

/// <summary>Stores the pictures of the spool while the next batches are rendered, and hands them on to be committed. A store that is away is waited for.</summary>
internal sealed class FrameUploads(PictureSpool spool, UploadExits exits, StoreLink store, SpoolRoom room) : IWorkerLoop
{
    private const int AtATime = 4;

    private readonly Channel<SpooledPicture> _filled = Channel.CreateUnbounded<SpooledPicture>(new() { SingleReader = true });
    private readonly Channel<Upload> _waiting = Channel.CreateUnbounded<Upload>();

    /// <summary>A picture was filled into the spool.</summary>
    public void Add(SpooledPicture picture) => _filled.Writer.TryWrite(picture);

    /// <summary>A picture was left in the spool by another process, which may have stored it.</summary>
    public void AddLeftover(SpooledPicture picture) => _waiting.Writer.TryWrite(new Upload(picture, WasTried: true));

    public Task RunAsync(CancellationToken cancellationToken) =>
        Lanes.RunAsync([SyncAsync, .. Enumerable.Range(1, AtATime).Select(lane => (Func<CancellationToken, Task>)(stop => UploadAsync(lane, stop)))], cancellationToken);

    /// <summary>Pictures that come together share one sync of their folder.</summary>
    private async Task SyncAsync(CancellationToken cancellationToken)
    {
        while (await _filled.Reader.WaitToReadAsync(cancellationToken))
        {
            var together = new List<SpooledPicture>();
            while (_filled.Reader.TryRead(out var picture))
            {
                together.Add(picture);
            }

            try
            {
                await Task.Run(() => room.Guard(spool.Sync), cancellationToken);
            }
            catch
            {
                // For the loop that comes next.
                together.ForEach(Add);
                throw;
            }

            together.ForEach(picture => _waiting.Writer.TryWrite(new Upload(picture, WasTried: false)));
        }
    }

    private async Task UploadAsync(int lane, CancellationToken cancellationToken)
    {
        var backoff = store.NewBackoff(lane);
        await foreach (var upload in _waiting.Reader.ReadAllAsync(cancellationToken))
        {
            bool isDone;
            try
            {
                isDone = await IsDoneAsync(upload, cancellationToken);
            }
            catch
            {
                // For the loop that comes next; the store may have it by now.
                _waiting.Writer.TryWrite(upload with { WasTried = true });
                throw;
            }

            if (isDone)
            {
                backoff = store.NewBackoff(lane);
            }
            else
            {
                // At the end of the line: what one picture cannot have does not keep the others waiting.
                _waiting.Writer.TryWrite(upload with { WasTried = true });
                await store.PauseAsync(backoff, cancellationToken);
            }
        }
    }

    private async Task<bool> IsDoneAsync(Upload upload, CancellationToken cancellationToken)
    {
        var picture = upload.Picture;
        try
        {
            if (!spool.IsWanted(picture.Lease.AttemptId))
            {
                exits.Unwanted(picture, upload.WasTried);
            }
            else if (spool.Read(picture) is not { } image)
            {
                exits.Damaged(picture);
            }
            else if (await store.TryPutAsync(picture.Key, image, OutputSettings.MediaTypeOf(picture.Lease.Format), cancellationToken))
            {
                Failpoint.Reach("upload.after_put");
                exits.Stored(picture);
            }
            else
            {
                return false;
            }

            return true;
        }
        catch (Exception ex) when (!cancellationToken.IsCancellationRequested)
        {
            store.Failed(picture.Key, ex);
            return false;
        }
    }

    private sealed record Upload(SpooledPicture Picture, bool WasTried);
}

/// <summary>Where pictures go from the uploads.</summary>
internal sealed class UploadExits(PictureSpool spool, SpoolExit exit, FrameCommits commits, HeldLeases leases)
{
    public void Stored(SpooledPicture picture) => commits.Add(picture);

    public void Unwanted(SpooledPicture picture, bool wasTried)
    {
        if (wasTried)
        {
            exit.Discard(picture);
        }
        else
        {
            spool.Remove(picture);
        }
    }

    public void Damaged(SpooledPicture picture) => leases.GiveUp(
        picture.Lease.AttemptId, picture.Index, new LeaseEnding(AttemptOutcome.Failed, ErrorClass.Infrastructure, $"The picture of frame {picture.Index} was damaged in the spool."));
}
