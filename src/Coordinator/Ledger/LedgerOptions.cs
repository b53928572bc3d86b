using System.ComponentModel.DataAnnotations;

namespace RenderFarm.Coordinator.Ledger;

/// <summary>How long leases last and how often frames are tried; section <c>Ledger</c>. Every deadline is by the database's clock.</summary>
internal sealed class LedgerOptions
{
    public const string Section = "Ledger";

    /// <summary>An offer that is not accepted in this time returns to the queue.</summary>
    public TimeSpan AcceptWithin { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>A lease that is not renewed for this long returns to the queue: seven lost heartbeats.</summary>
    public TimeSpan LeaseFor { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>Frames that struck a worker wait this long before the next try.</summary>
    public TimeSpan RetryAfter { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>A frame that workers failed this often, by their own fault, is given up.</summary>
    [Range(1, 100)]
    public int MaxTries { get; set; } = 3;

    /// <summary>A frame over which this many render processes died is quarantined, so that no frame takes the farm down.</summary>
    [Range(1, 100)]
    public int MaxCrashes { get; set; } = 2;

    /// <summary>A quarantined frame that nobody requeued for this long has failed.</summary>
    public TimeSpan QuarantineFor { get; set; } = TimeSpan.FromMinutes(10);
}
