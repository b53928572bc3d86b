using Microsoft.Extensions.Logging;
using RenderFarm.Shared;
using RenderFarm.Shared.Protocol;

namespace RenderFarm.Worker.Leases;

/// <content>How a lease leaves, called under the lock.</content>
internal sealed partial class HeldLeases
{
    private void LeaveIfOver(HeldLease lease)
    {
        if (!lease.IsOver || !_held.Contains(lease))
        {
            return;
        }

        Leave(lease);
        if (lease.Ending is not null || lease.Failed.Count > 0)
        {
            Report(lease);
        }
        else
        {
            LogDone(lease.Offer.AttemptId, lease.Offer.JobId, lease.Offer.Frames.Count);
        }
    }

    private void Leave(HeldLease lease)
    {
        _held.Remove(lease);
        _ended.Add(lease.Offer.AttemptId);
        SignalIfEmpty();
    }

    private void SignalIfEmpty()
    {
        if (_closed.ContainsKey(Closing.Stopping) && _held.Count == 0)
        {
            _empty.TrySetResult();
        }
    }

    private void Report(HeldLease lease)
    {
        var ending = lease.Ending ?? new LeaseEnding(AttemptOutcome.Failed, ErrorClass.Request, lease.Failed[0].Error);
        Report(lease.Offer, ending, lease.Failed, ending.ErrorClass is null ? null : lease.Struck);
    }

    private void Report(LeaseOffered offer, LeaseEnding ending, IReadOnlyList<FailedFrame> failed, IReadOnlyList<long>? struck)
    {
        link.Post(new LeaseEnded(
            me.Name, me.Epoch, offer.JobId, offer.AttemptId, offer.Fence, ending.Outcome, ending.ErrorClass, ending.Message, [.. failed], struck is null ? null : [.. struck.Order()], ending.Evidence));
        if (ending.ErrorClass is null)
        {
            LogReleased(offer.AttemptId, offer.JobId, ending.Message);
        }
        else
        {
            LogFailed(offer.AttemptId, offer.JobId, ending.ErrorClass.Value, ending.Message);
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Took lease {AttemptId} of job {JobId}: {Frames} frames with {Model}")]
    private partial void LogTaken(Guid attemptId, Guid jobId, int frames, string model);

    [LoggerMessage(Level = LogLevel.Information, Message = "Lease {AttemptId} of job {JobId} is done: {Frames} frames are answered for")]
    private partial void LogDone(Guid attemptId, Guid jobId, int frames);

    [LoggerMessage(Level = LogLevel.Debug, Message = "Lease {AttemptId} of job {JobId} was offered again and is left as it is")]
    private partial void LogDuplicate(Guid attemptId, Guid jobId);

    [LoggerMessage(Level = LogLevel.Information, Message = "Lease {AttemptId} of job {JobId} was taken back: {Reason}")]
    private partial void LogRevoked(Guid attemptId, Guid jobId, string reason);

    [LoggerMessage(Level = LogLevel.Information, Message = "Lease {AttemptId} of job {JobId} is handed back: {Reason}")]
    private partial void LogReleased(Guid attemptId, Guid jobId, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Lease {AttemptId} of job {JobId} ended ({ErrorClass}): {Reason}")]
    private partial void LogFailed(Guid attemptId, Guid jobId, ErrorClass errorClass, string reason);
}
