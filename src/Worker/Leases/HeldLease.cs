using RenderFarm.Shared;
using RenderFarm.Shared.Protocol;

namespace RenderFarm.Worker.Leases;

/// <summary>A lease that this worker has taken. Its changes are made under the lock of <see cref="HeldLeases"/>.</summary>
internal sealed class HeldLease(LeaseOffered offer) : IDisposable
{
    private readonly CancellationTokenSource _revoked = new();

    public LeaseOffered Offer { get; } = offer;

    /// <summary>Fires when the coordinator takes the lease back.</summary>
    public CancellationToken Revoked => _revoked.Token;

    /// <summary>Frames that no batch has yet, by growing index.</summary>
    public Queue<LeasedFrame> Waiting { get; } = new(offer.Frames);

    /// <summary>Frames that are rendered, uploaded or waiting for their commit to be answered.</summary>
    public int Busy { get; set; }

    /// <summary>Those of the busy frames whose pictures lie in the spool.</summary>
    public int Spooled { get; set; }

    /// <summary>Frames that cannot be rendered.</summary>
    public List<FailedFrame> Failed { get; } = [];

    /// <summary>Frames that were being rendered when something went wrong: the error counts for these only.</summary>
    public List<long> Struck { get; } = [];

    /// <summary>How it ends before all its frames are committed; null while it does not.</summary>
    public LeaseEnding? Ending { get; set; }

    public bool IsOver => Waiting.Count == 0 && Busy == 0;

    /// <summary>Everything is rendered, and not everything committed.</summary>
    public bool IsParked => Waiting.Count == 0 && Busy > 0 && Busy == Spooled;

    public void Revoke() => _revoked.Cancel();

    public void Dispose() => _revoked.Dispose();
}

/// <summary>Why a lease ends early.</summary>
/// <param name="Outcome">How its attempt ends.</param>
/// <param name="ErrorClass">Whose fault it was; null for a hand-back.</param>
/// <param name="Message">What happened, for people.</param>
/// <param name="Evidence">What a render process left behind that died.</param>
internal sealed record LeaseEnding(AttemptOutcome Outcome, ErrorClass? ErrorClass, string Message, string? Evidence = null);
