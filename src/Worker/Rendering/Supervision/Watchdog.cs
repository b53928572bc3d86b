using RenderFarm.Shared.Protocol;

namespace RenderFarm.Worker.Rendering.Supervision;

/// <summary>Tells when a batch has hung: it shows no sign of life for much longer than batches of its kind take.</summary>
/// <param name="kind">The batch's kind.</param>
/// <param name="bytes">Memory of its model.</param>
/// <param name="times">What was measured; the batch adds to it.</param>
/// <param name="stepTimeout">How long any part may take, instead of what follows from the measured times.</param>
/// <param name="time">Clock.</param>
internal sealed class Watchdog(BatchKind kind, long bytes, BatchTimes times, TimeSpan? stepTimeout, TimeProvider time)
{
    /// <summary>How often <see cref="Overdue"/> is to be asked at least.</summary>
    public static readonly TimeSpan AskEvery = TimeSpan.FromSeconds(1);

    // Time in which this process itself stood still, with its machine or stopped, is not held against the batch.
    private static readonly TimeSpan Longest = 5 * AskEvery;

    // A kind that was never measured may be a large model on a slow processor; a model may come from a slow disk.
    private static readonly TimeSpan Unmeasured = TimeSpan.FromMinutes(10);
    private const double BytesPerSecond = 20 << 20;

    private const int Margin = 20;
    private const int WholeMargin = 3;
    private static readonly TimeSpan LeastStep = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan LeastOther = TimeSpan.FromSeconds(150);

    private readonly Lock _lock = new();
    private long _at = time.GetTimestamp();
    private BatchPart? _part;
    private SlotStatus? _last;
    private TimeSpan _quiet;
    private TimeSpan _whole;

    /// <summary>A sign of life.</summary>
    public void Note(SlotStatus status)
    {
        lock (_lock)
        {
            Advance();
            if (status.State == SlotBoard.Rendering)
            {
                Progress(status);
            }

            (_quiet, _last) = (TimeSpan.Zero, status);
        }
    }

    /// <summary>The batch has ended.</summary>
    public void End()
    {
        lock (_lock)
        {
            Advance();
            if (_part == BatchPart.Finish)
            {
                times.Add(kind, BatchPart.Finish, _quiet);
            }
        }
    }

    /// <summary>Why the batch must have hung; null while it may not.</summary>
    public string? Overdue()
    {
        lock (_lock)
        {
            Advance();
            return this switch
            {
                _ when _quiet > Bound() => $"{Doing()} for {_quiet:hh\\:mm\\:ss} ({kind}), longer than {Bound():hh\\:mm\\:ss}",
                _ when _whole > WholeBound() => $"{Doing()} after {_whole:hh\\:mm\\:ss} ({kind}), longer than {WholeBound():hh\\:mm\\:ss}",
                _ => null,
            };
        }
    }

    /// <summary>How long it may take to stop.</summary>
    public TimeSpan StopWithin()
    {
        var steps = WholeMargin * times.P99(kind, BatchPart.Step) ?? Longest;
        return steps > 2 * AskEvery ? steps : 2 * AskEvery;
    }

    private string Doing() => _last switch
    {
        { State: SlotBoard.Loading } => "was still loading",
        { Step: > 0 } step => $"was still at step {step.Step} of {step.Steps}",
        _ => "had done no step",
    };

    private void Advance()
    {
        var elapsed = time.GetElapsedTime(_at);
        _at = time.GetTimestamp();
        elapsed = elapsed < Longest ? elapsed : Longest;
        _quiet += elapsed;
        _whole += elapsed;
    }

    private void Progress(SlotStatus status)
    {
        if (_part is null)
        {
            (_part, _whole) = (BatchPart.Start, TimeSpan.Zero);
        }

        var steps = status.Step - (_last?.Step ?? 0);
        if (steps > 0)
        {
            times.Add(kind, _part.Value, _part == BatchPart.Step ? _quiet / steps : _quiet);
            _part = status.Step == status.Steps ? BatchPart.Finish : BatchPart.Step;
        }
    }

    private TimeSpan Bound() => _part switch
    {
        null => Unmeasured + TimeSpan.FromSeconds(bytes / BytesPerSecond),
        _ when stepTimeout is { } set => set,
        BatchPart.Step => Bound(BatchPart.Step, LeastStep),
        var part => Bound(part.Value, LeastOther),
    };

    private TimeSpan Bound(BatchPart part, TimeSpan least) =>
        times.P99(kind, part) * Margin is { } measured ? (measured > least ? measured : least) : Unmeasured;

    private TimeSpan? WholeBound()
    {
        if (stepTimeout is not null || _part is null || times.P99(kind, BatchPart.Finish) is not { } finish)
        {
            return null;
        }

        var start = times.P99(kind, BatchPart.Start) ?? TimeSpan.Zero;
        var steps = (_last?.Steps ?? 0) * (times.P99(kind, BatchPart.Step) ?? TimeSpan.Zero);
        var whole = WholeMargin * (start + steps + finish);
        return whole > LeastOther ? whole : LeastOther;
    }
}
