using Microsoft.Extensions.Logging;
using RenderFarm.Diffusion;
using RenderFarm.Worker.ModelCache;

namespace RenderFarm.Worker.Pipelines;

/// <summary>
/// The pipelines that are loaded, within the memory budget. The one that was used longest ago makes room for a new one;
/// one that renders is pinned and stays. A model is loaded once, however many slots ask for it.
/// </summary>
internal sealed partial class WarmPipelines(PipelineSettings settings, ILogger<WarmPipelines> logger) : IDisposable
{
    private readonly Lock _lock = new();
    private readonly List<Pipeline> _loaded = [];
    private TaskCompletionSource _roomMade = NewSignal();

    /// <summary>A model's pipeline was loaded in this time.</summary>
    public event Action<string, TimeSpan>? HasLoaded;

    /// <summary>Models whose pipelines are loaded and have run.</summary>
    public IReadOnlyList<string> WarmModels
    {
        get
        {
            lock (_lock)
            {
                return [.. _loaded.Where(pipeline => pipeline.HasRun).Select(pipeline => pipeline.Place.Model).Distinct()];
            }
        }
    }

    /// <summary>Memory of all pipelines, those that are being loaded among them.</summary>
    public long ResidentBytes
    {
        get
        {
            lock (_lock)
            {
                return _loaded.Sum(pipeline => pipeline.Bytes);
            }
        }
    }

    /// <summary>The pipeline of a model, loaded if need be, and kept until the pin is disposed.</summary>
    public async Task<PipelinePin> PinAsync(PipelinePlace place, long bytes, TimeProvider time, CancellationToken cancellationToken)
    {
        var pipeline = await PlaceAsync(place, bytes, time, cancellationToken);
        try
        {
            return new PipelinePin(this, pipeline, await pipeline.Loading.WaitAsync(cancellationToken));
        }
        catch
        {
            Unpin(pipeline, hasRun: false);
            throw;
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            _loaded.ForEach(pipeline => pipeline.Dispose());
            _loaded.Clear();
        }
    }

    internal void Unpin(Pipeline pipeline, bool hasRun)
    {
        lock (_lock)
        {
            pipeline.Pins--;
            pipeline.HasRun |= hasRun;
            if (pipeline.Pins == 0 && pipeline.Loading.IsFaulted)
            {
                _loaded.Remove(pipeline);
                pipeline.Dispose();
            }

            _roomMade.TrySetResult();
            _roomMade = NewSignal();
        }
    }

    private async Task<Pipeline> PlaceAsync(PipelinePlace place, long bytes, TimeProvider time, CancellationToken cancellationToken)
    {
        if (bytes > settings.MemoryBytes)
        {
            throw new PipelineTooLargeException(place.Model, bytes, settings);
        }

        while (true)
        {
            Task roomMade;
            lock (_lock)
            {
                if (TryPlace(place, bytes, time) is { } pipeline)
                {
                    return pipeline;
                }

                roomMade = _roomMade.Task;
            }

            await roomMade.WaitAsync(cancellationToken);
        }
    }

    private Pipeline? TryPlace(PipelinePlace place, long bytes, TimeProvider time)
    {
        var pipeline = _loaded.Find(candidate => candidate.Place == place && !candidate.Loading.IsFaulted);
        if (pipeline is null)
        {
            if (!TryMakeRoom(bytes))
            {
                return null;
            }

            var use = CacheFolder.Use(place.Folder);
            pipeline = new Pipeline(place, bytes, Task.Factory.StartNew(() => Load(place, time), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default), use);
        }

        _loaded.Remove(pipeline);
        _loaded.Add(pipeline);
        pipeline.Pins++;
        return pipeline;
    }

    // The list is in order of use, the longest unused first.
    private bool TryMakeRoom(long bytes)
    {
        var excess = _loaded.Sum(pipeline => pipeline.Bytes) + bytes - settings.MemoryBytes;
        var leaving = new List<Pipeline>();
        foreach (var idle in _loaded.Where(pipeline => pipeline.Pins == 0).TakeWhile(_ => excess > 0))
        {
            leaving.Add(idle);
            excess -= idle.Bytes;
        }

        if (excess > 0)
        {
            return false;
        }

        foreach (var pipeline in leaving)
        {
            _loaded.Remove(pipeline);
            pipeline.Dispose();
            LogEvicted(pipeline.Place.Model);
        }

        return true;
    }

    private DiffusionPipeline Load(PipelinePlace place, TimeProvider time)
    {
        var start = time.GetTimestamp();
        // The catalog has compared every file with its checksum; the digest of the list is read again and must still be the job's.
        var pipeline = DiffusionPipeline.Load(
            place.Folder,
            new PipelineOptions
            {
                Device = settings.Device,
                Threads = settings.Threads,
                VerifyDigest = false,
                CacheFolder = settings.Cache,
                LoraCacheBytes = settings.LoraCacheBytes,
                LoraFolder = settings.Loras,
                LoraSets = 1,
                BestOfTogether = settings.BatchSize,
                GpuMemoryBytes = settings.GpuMemoryBytes,
            });
        var elapsed = time.GetElapsedTime(start);
        WorkerMetrics.Loaded(place.Model, elapsed);
        LogLoaded(place.Model, elapsed);
        HasLoaded?.Invoke(place.Model, elapsed);
        return pipeline;
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    [LoggerMessage(Level = LogLevel.Information, Message = "Loaded the pipeline of {Model} in {Duration}")]
    private partial void LogLoaded(string model, TimeSpan duration);

    [LoggerMessage(Level = LogLevel.Information, Message = "The pipeline of {Model} made room for another one")]
    private partial void LogEvicted(string model);
}
