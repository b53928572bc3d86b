using RenderFarm.Worker.Simulation;

namespace RenderFarm.Cli.Hosting;

/// <summary>The simulated workers of one process.</summary>
internal sealed record Simulation
{
    /// <summary>How many.</summary>
    public required int Workers { get; init; }

    /// <summary>First part of their names.</summary>
    public required string NamePrefix { get; init; }

    /// <summary>Batches of each at a time.</summary>
    public required int Slots { get; init; }

    /// <summary>Frames of a batch.</summary>
    public required int BatchSize { get; init; }

    /// <summary>What each renders with.</summary>
    public required SimulationOptions Gpu { get; init; }

    /// <summary>Whether pictures go to the artifact store of the settings, through a spool on the disk; otherwise nowhere, through a spool in memory.</summary>
    public required bool StoresPictures { get; init; }

    /// <summary>Name of the worker with this number.</summary>
    public string NameOf(int worker) => $"{NamePrefix}-{worker}";
}
