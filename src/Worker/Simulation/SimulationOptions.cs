using RenderFarm.Shared.Protocol;

namespace RenderFarm.Worker.Simulation;

/// <summary>How a simulated GPU renders.</summary>
/// <param name="Model">The model that it says it has.</param>
/// <param name="FrameTime">Time of one picture; a batch takes as much for each of its rows.</param>
/// <param name="HasJitter">Whether each picture takes up to a fifth more or less.</param>
/// <param name="HasOnePicture">Whether all frames show the same, where no picture is kept: what a renderer's pictures cost is not measured then.</param>
public sealed record SimulationOptions(WorkerModel Model, TimeSpan FrameTime, bool HasJitter, bool HasOnePicture = false);
