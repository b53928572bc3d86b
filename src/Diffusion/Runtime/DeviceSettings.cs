namespace RenderFarm.Diffusion.Runtime;

/// <summary>What a device may use: CPU threads (0 is one per core), a folder for what is worth keeping, memory of its own.</summary>
internal sealed record DeviceSettings(int Threads, string? CacheFolder = null, long? MemoryBytes = null)
{
    public static DeviceSettings Of(PipelineOptions options) => new(options.Threads, options.CacheFolder, options.GpuMemoryBytes);
}
