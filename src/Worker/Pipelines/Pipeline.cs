using RenderFarm.Diffusion;

namespace RenderFarm.Worker.Pipelines;

/// <summary>A place in memory for one model's pipeline. Its changes are made under the lock of <see cref="WarmPipelines"/>.</summary>
internal sealed class Pipeline(string name, long bytes, Task<DiffusionPipeline> loading) : IDisposable
{
    public string Name { get; } = name;

    public long Bytes { get; } = bytes;

    public Task<DiffusionPipeline> Loading { get; } = loading;

    public int Pins { get; set; }

    public bool HasRun { get; set; }

    public void Dispose() => Loading.ContinueWith(
        loaded => loaded.Result.Dispose(), CancellationToken.None, TaskContinuationOptions.OnlyOnRanToCompletion | TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
}

/// <summary>Keeps a pipeline in memory while it renders.</summary>
internal sealed class PipelinePin(WarmPipelines pipelines, Pipeline pipeline, DiffusionPipeline loaded) : IDisposable
{
    private bool _hasRun;

    public DiffusionPipeline Pipeline { get; } = loaded;

    /// <summary>It has rendered: from now on it is warm.</summary>
    public void Ran() => _hasRun = true;

    public void Dispose() => pipelines.Unpin(pipeline, _hasRun);
}

/// <summary>A model that does not fit into the memory budget even alone.</summary>
internal sealed class PipelineTooLargeException(string model, long bytes, PipelineSettings settings) : Exception(
    $"The model '{model}' needs {bytes >> 20} MiB; Worker:MemoryBudgetMiB allows {settings.MemoryBytes >> 20} MiB{(settings.Processes > 1 ? $" for each of {settings.Processes} slots" : "")}.");
