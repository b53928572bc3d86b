using RenderFarm.Worker.Pipelines;

namespace RenderFarm.Worker.Rendering.Supervision;

/// <summary>What render processes are started and watched with.</summary>
/// <param name="Program">How one is started.</param>
/// <param name="Settings">What one loads pipelines with.</param>
/// <param name="Slots">How many there are.</param>
/// <param name="StepTimeout">How long a step may take; null goes by measured times.</param>
internal sealed record ProcessSettings(RenderProgram Program, PipelineSettings Settings, int Slots, TimeSpan? StepTimeout);
