namespace RenderFarm.TestKit.Faults;

/// <summary>The faults of one direction of a <see cref="TcpProxy"/>, for all its connections.</summary>
public sealed class ProxyDirection
{
    private readonly Lock _lock = new();
    private TaskCompletionSource _open = NewOpen(isOpen: true);
    private TaskCompletionSource? _cut;
    private long _cutAfter;
    private long _passed;

    /// <summary>Every byte takes this much longer; how many there are does not matter.</summary>
    public TimeSpan Delay { get; set; }

    /// <summary>Bytes per second of one connection; null is as many as there are.</summary>
    public int? BytesPerSecond { get; set; }

    /// <summary>A black hole: nothing arrives, not even the end of a connection, until this ends.</summary>
    public bool IsHeld
    {
        get => !_open.Task.IsCompleted;
        set
        {
            lock (_lock)
            {
                if (!value)
                {
                    _open.TrySetResult();
                }
                else if (_open.Task.IsCompleted)
                {
                    _open = NewOpen(isOpen: false);
                }
            }
        }
    }

    /// <summary>Bytes that arrived.</summary>
    public long Passed => Interlocked.Read(ref _passed);

    /// <summary>Resets the connection on which the byte after the next <paramref name="bytes"/> comes. The task ends when that has happened.</summary>
    public Task CutAfter(long bytes)
    {
        lock (_lock)
        {
            _cutAfter = bytes;
            _cut = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return _cut.Task;
        }
    }

    /// <summary>Ends every fault of this direction.</summary>
    public void Heal()
    {
        Delay = TimeSpan.Zero;
        BytesPerSecond = null;
        IsHeld = false;
        lock (_lock)
        {
            _cut = null;
        }
    }

    internal Task OpenAsync() => _open.Task;

    internal void Count(int bytes) => Interlocked.Add(ref _passed, bytes);

    /// <summary>How many of the next bytes still pass; whether the connection ends after them.</summary>
    internal (int Bytes, bool IsCut) Allow(int bytes)
    {
        lock (_lock)
        {
            if (_cut is null || bytes <= _cutAfter)
            {
                _cutAfter -= bytes;
                return (bytes, false);
            }

            _cut.TrySetResult();
            _cut = null;
            return ((int)_cutAfter, true);
        }
    }

    private static TaskCompletionSource NewOpen(bool isOpen)
    {
        var open = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        if (isOpen)
        {
            open.SetResult();
        }

        return open;
    }
}
