using System.ComponentModel.DataAnnotations;

namespace RenderFarm.Coordinator.Standing;

/// <summary>What strikes do to a worker; section <c>Standing</c>.</summary>
internal sealed class StandingOptions
{
    public const string Section = "Standing";

    /// <summary>Strikes older than this are forgiven.</summary>
    public TimeSpan Within { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>So many strikes drain a worker until it is resumed.</summary>
    [Range(1, 1000, ErrorMessage = "Standing:StrikesToDrain must be from 1 to 1000.")]
    public int StrikesToDrain { get; set; } = 3;

    /// <summary>So many strikes over one model, or one job, block the worker for it when other workers render it well.</summary>
    [Range(1, 1000, ErrorMessage = "Standing:StrikesToBlock must be from 1 to 1000.")]
    public int StrikesToBlock { get; set; } = 2;

    /// <summary>How long such a block lasts.</summary>
    public TimeSpan BlockFor { get; set; } = TimeSpan.FromMinutes(30);

    /// <summary>Strikes from so long before an infrastructure incident to so long after it are void.</summary>
    public TimeSpan IncidentMargin { get; set; } = TimeSpan.FromSeconds(30);
}
