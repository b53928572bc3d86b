using RenderFarm.Diffusion;

namespace RenderFarm.Worker.Pipelines;

/// <summary>A place in memory for one model's pipeline. Its changes are made under the lock of <see cref="WarmPipelines"/>.</summary>
/// <param name="place">Where its model lies.</param>
/// <param name="bytes">Memory that it takes.</param>
/// <param name="loading">The pipeline, when it is loaded.</param>
/// <param name="use">Keeps the model's files where they are; null where nobody would remove them.</param>
internal sealed class Pipeline(PipelinePlace place, long bytes, Task<DiffusionPipeline> loading, IDisposable? use) : IDisposable
{
    public PipelinePlace Place { get; } = place;

    public long Bytes { get; } = bytes;

    public Task<DiffusionPipeline> Loading { get; } = loading;

    public int Pins { get; set; }

    public bool HasRun { get; set; }

    public void Dispose() => Loading.ContinueWith(
        loaded =>
        {
            if (loaded.IsCompletedSuccessfully)
            {
                loaded.Result.Dispose();
            }

            use?.Dispose();
        },
        CancellationToken.None,
        TaskContinuationOptions.ExecuteSynchronously,
        TaskScheduler.Default);
}

/// <summary>A model's name, and the folder that it lies in.</summary>
internal sealed record PipelinePlace(string Model, string Folder);

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
