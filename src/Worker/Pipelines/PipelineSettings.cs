namespace RenderFarm.Worker.Pipelines;

/// <summary>What pipelines are loaded with: plain data.</summary>
/// <param name="Models">Folder of models.</param>
/// <param name="Loras">Folder of LoRAs.</param>
/// <param name="Cache">Folder of optimised networks, merged LoRAs and hashes; null keeps none.</param>
/// <param name="LoraCacheBytes">Most that merged LoRAs may take there.</param>
/// <param name="Device">What is rendered on.</param>
/// <param name="Threads">CPU threads within one network run; 0 is one per core.</param>
/// <param name="BatchSize">Frames that go through the UNet together at most.</param>
/// <param name="Slots">Batches at a time.</param>
/// <param name="Processes">Render processes that share the worker's memory, each with its own pipelines.</param>
/// <param name="MemoryBytes">Budget for the pipelines of one of them together.</param>
/// <param name="GpuMemoryBytes">Memory of the device that they may take; null where it is not limited.</param>
internal sealed record PipelineSettings(string Models, string Loras, string? Cache, long LoraCacheBytes, string Device, int Threads, int BatchSize, int Slots, int Processes, long MemoryBytes, long? GpuMemoryBytes)
{
    private const int BytesOfMiB = 20;

    /// <summary>The settings as they are for one of so many processes that share the memory.</summary>
    public static PipelineSettings Of(WorkerOptions options, WorkerIdentity me, int processes) => new(
        Path.GetFullPath(options.Models),
        Path.GetFullPath(options.Loras),
        options.Cache is { Length: > 0 } folder ? Path.GetFullPath(folder) : null,
        options.LoraCacheMiB << BytesOfMiB,
        me.Device,
        options.Threads,
        me.BatchSize,
        me.Slots / processes,
        processes,
        me.MemoryBytes / processes,
        (options.MemoryBudgetMiB << BytesOfMiB) / processes);
}
