using System.Collections.Concurrent;
using System.Diagnostics;

namespace RenderFarm.Worker.Rendering.Supervision;

/// <summary>Starts processes from one thread that lives as long as they do: Linux ends a child that asked for it when the thread ends that started it, and threads of the pool come and go.</summary>
internal sealed class StarterThread : IDisposable
{
    private readonly BlockingCollection<Action> _starts = [];

    public StarterThread() => new Thread(Run) { IsBackground = true, Name = "render process starter" }.Start();

    /// <summary>Starts the process; throws what its start throws.</summary>
    public Task StartAsync(Process process)
    {
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _starts.Add(() =>
        {
            try
            {
                process.Start();
                started.SetResult();
            }
            catch (Exception ex)
            {
                started.SetException(ex);
            }
        });
        return started.Task;
    }

    public void Dispose() => _starts.CompleteAdding();

    private void Run()
    {
        foreach (var start in _starts.GetConsumingEnumerable())
        {
            start();
        }
    }
}
