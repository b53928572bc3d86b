namespace RenderFarm.Worker.Rendering;

/// <summary>The rows of a batch that were not reported yet; each can be reported once.</summary>
internal sealed class RowReports(int rows, IProgress<RowResult> target) : IProgress<RowResult>
{
    private readonly Lock _lock = new();
    private readonly SortedSet<int> _open = [.. Enumerable.Range(0, rows)];

    public void Picture(int row, RenderedPicture picture) => Report(new RowResult(row, picture, null));

    public void Fault(int row, RowFault fault) => Report(new RowResult(row, null, fault));

    /// <summary>Reports a row unless it was reported before.</summary>
    public void Report(RowResult value)
    {
        lock (_lock)
        {
            if (!_open.Remove(value.Row))
            {
                return;
            }
        }

        target.Report(value);
    }

    /// <summary>Gives these rows this fault, those that were reported left out.</summary>
    public void Fault(IEnumerable<int> faulty, RowFault fault)
    {
        foreach (var row in faulty)
        {
            Fault(row, fault);
        }
    }

    /// <summary>Whether all rows are reported.</summary>
    public bool IsDone => Open.Count == 0;

    /// <summary>The rows that are not reported yet.</summary>
    public IReadOnlyList<int> Open
    {
        get
        {
            lock (_lock)
            {
                return [.. _open];
            }
        }
    }
}
