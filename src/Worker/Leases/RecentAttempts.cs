namespace RenderFarm.Worker.Leases;

/// <summary>Attempts that ended lately, so that an offer which is delivered again after its end is recognised.</summary>
internal sealed class RecentAttempts
{
    // The broker delivers again within minutes; a worker ends far fewer leases in that time.
    private const int Capacity = 4096;
    private readonly Queue<Guid> _order = new();
    private readonly HashSet<Guid> _known = [];

    public bool Contains(Guid attempt) => _known.Contains(attempt);

    public void Add(Guid attempt)
    {
        if (_known.Add(attempt))
        {
            _order.Enqueue(attempt);
        }

        if (_order.Count > Capacity)
        {
            _known.Remove(_order.Dequeue());
        }
    }
}
