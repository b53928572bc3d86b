using System.Collections.Concurrent;
using RenderFarm.Diffusion.Tests.Checkpoints;
using RenderFarm.TestKit.Goldens;

namespace RenderFarm.Diffusion.Tests;

/// <summary>Pipelines that all tests share, each loaded once; a pipeline renders for one test at a time.</summary>
public sealed class LoadedModels : IDisposable
{
    private readonly ConcurrentDictionary<string, Lazy<DiffusionPipeline>> _pipelines = [];

    public DiffusionPipeline Emoji => Get(GoldenFolder.EmojiModel);

    public DiffusionPipeline Tiny => Get(GoldenFolder.Model("tiny-sd2"));

    public DiffusionPipeline Get(string folder) =>
        _pipelines.GetOrAdd(folder, path => new Lazy<DiffusionPipeline>(() => DiffusionPipeline.Load(path))).Value;

    /// <summary>A checkpoint with small widths.</summary>
    public DiffusionPipeline Checkpoint(string file) =>
        _pipelines.GetOrAdd(file, path => new Lazy<DiffusionPipeline>(() => DiffusionPipeline.Load(TinyCheckpoint.Open(path), new PipelineOptions()))).Value;

    public void Dispose()
    {
        foreach (var pipeline in _pipelines.Values.Where(pipeline => pipeline.IsValueCreated))
        {
            pipeline.Value.Dispose();
        }
    }
}
