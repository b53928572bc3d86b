using RenderFarm.Coordinator.Ledger;
using RenderFarm.Shared.Api;

namespace RenderFarm.Coordinator.Jobs;

/// <summary>Decides about quarantined frames: they wait again with a clean record, or they have failed.</summary>
internal sealed class SettleQuarantine(FrameLedger ledger, LedgerNews news, TimeProvider time)
{
    /// <summary>These frames, or all where none are named, wait again. Null when there is no such job.</summary>
    public Task<QuarantineAnswer?> RequeueAsync(Guid id, IReadOnlyList<long>? frames, CancellationToken cancellationToken) => TellAsync(ledger.RequeueAsync(id, frames, cancellationToken));

    /// <summary>These frames, or all where none are named, have failed. Null when there is no such job.</summary>
    public Task<QuarantineAnswer?> DropAsync(Guid id, IReadOnlyList<long>? frames, CancellationToken cancellationToken) => TellAsync(ledger.DropAsync(id, frames, cancellationToken));

    private async Task<QuarantineAnswer?> TellAsync(Task<QuarantineResult?> change)
    {
        if (await change is not { } result)
        {
            return null;
        }

        news.Tell(result.Jobs);
        return new QuarantineAnswer { Frames = result.Frames, Job = JobQueries.ViewOf(result.Job, 0, time.GetUtcNow()) };
    }
}

/// <summary>Which frames a request about the quarantine means.</summary>
internal static class QuarantineRules
{
    /// <summary>Frames named at once.</summary>
    public const int MaxFrames = 10_000;

    /// <summary>What is wrong with it, by field.</summary>
    public static FieldErrors Check(QuarantineRequest request, long frameCount)
    {
        var errors = new FieldErrors();
        switch (request)
        {
            case { Frames: null, All: false }:
                errors.Add("frames", "Required: name frames, or say 'all': true.");
                break;
            case { Frames: not null, All: true }:
                errors.Add("all", "Give either 'frames' or 'all', not both.");
                break;
            case { Frames: { } frames }:
                JobRules.CheckRange(frames.Count, 1, MaxFrames, "frames", errors);
                for (var i = 0; i < frames.Count && !errors.IsFull; i++)
                {
                    JobRules.CheckRange(frames[i], 0, frameCount - 1, $"frames[{i}]", errors);
                }

                break;
        }

        return errors;
    }
}
