namespace RenderFarm.Worker.Rendering.Supervision;

/// <summary>The process of a slot that takes work, or the wait for the next one that will.</summary>
internal sealed class ReadyChild
{
    private readonly Lock _lock = new();
    private TaskCompletionSource<RenderChild> _next = NewWait();

    /// <summary>Completes with the process that is there or comes next; throws <see cref="RenderProcessException"/> where it did not come up.</summary>
    public Task<RenderChild> Task
    {
        get
        {
            lock (_lock)
            {
                return _next.Task;
            }
        }
    }

    /// <summary>This process takes work.</summary>
    public void Set(RenderChild child)
    {
        lock (_lock)
        {
            _next.TrySetResult(child);
        }
    }

    /// <summary>From now on the next process is waited for; who waits already goes on waiting.</summary>
    public void Renew()
    {
        lock (_lock)
        {
            if (_next.Task.IsCompleted)
            {
                _next = NewWait();
            }
        }
    }

    /// <summary>There is no process to wait for until the next one; who waited for this one hears why.</summary>
    public void Disappoint(RenderProcessException reason)
    {
        lock (_lock)
        {
            // Read, so that it does not count as unheard when nobody waits.
            _ = _next.TrySetException(reason) ? _next.Task.Exception : null;
            _next = NewWait();
        }
    }

    private static TaskCompletionSource<RenderChild> NewWait() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}

/// <summary>There is no render process to take a batch.</summary>
internal sealed class RenderProcessException(string message, string? evidence) : Exception(message)
{
    public string? Evidence { get; } = evidence;
}
