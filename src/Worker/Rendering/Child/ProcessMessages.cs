using System.Text.Json.Serialization;
using RenderFarm.Shared.Protocol;
using RenderFarm.Worker.Pipelines;

namespace RenderFarm.Worker.Rendering.Child;

/// <summary>What a supervisor tells a render process.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "is")]
[JsonDerivedType(typeof(Setup), "setup")]
[JsonDerivedType(typeof(RenderBatch), "render")]
[JsonDerivedType(typeof(StopBatch), "stop")]
internal abstract record ToProcess;

/// <summary>Comes first.</summary>
internal sealed record Setup(PipelineSettings Settings) : ToProcess;

/// <summary>The next batch; the one before has ended.</summary>
internal sealed record RenderBatch(long Batch, RenderWork Work) : ToProcess;

/// <summary>The batch is to end at its next step.</summary>
internal sealed record StopBatch(long Batch) : ToProcess;

/// <summary>What a render process tells its supervisor.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "is")]
[JsonDerivedType(typeof(Ready), "ready")]
[JsonDerivedType(typeof(StatusChanged), "status")]
[JsonDerivedType(typeof(PipelineLoaded), "loaded")]
[JsonDerivedType(typeof(RowReported), "row")]
[JsonDerivedType(typeof(BatchEnded), "ended")]
[JsonDerivedType(typeof(PipelinesHeld), "holds")]
internal abstract record FromProcess;

/// <summary>It takes batches.</summary>
internal sealed record Ready : FromProcess;

/// <summary>What it does now: loading, or how many steps are done. Steps in quick succession are told together.</summary>
internal sealed record StatusChanged(SlotStatus Status) : FromProcess;

/// <summary>A model's pipeline was loaded.</summary>
internal sealed record PipelineLoaded(string Model, TimeSpan Duration) : FromProcess;

/// <summary>What became of a row.</summary>
internal sealed record RowReported(long Batch, RowResult Result) : FromProcess;

/// <summary>The next batch may come; rows of this one may still be on their way.</summary>
internal sealed record BatchEnded(long Batch) : FromProcess;

/// <summary>The pipelines that it has in memory.</summary>
internal sealed record PipelinesHeld(IReadOnlyList<string> WarmModels, long ResidentBytes) : FromProcess;
