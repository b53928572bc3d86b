using RenderFarm.Diffusion;
using RenderFarm.Shared;

namespace RenderFarm.Worker.Rendering;

/// <summary>A batch as the renderer takes it: plain data.</summary>
internal sealed record RenderWork(string Model, string ModelDigest, IReadOnlyList<ImageRequest> Requests);

/// <summary>What became of a batch's rows, in their order.</summary>
/// <param name="Rows">One for each request.</param>
/// <param name="Duration">Time of the render, without loading the model.</param>
internal sealed record RenderResult(IReadOnlyList<RowResult> Rows, TimeSpan Duration);

/// <summary>A row's picture, or why there is none.</summary>
internal sealed record RowResult(RenderedImage? Image, string? Error);

/// <summary>A batch that failed as a whole, with whose fault it was.</summary>
internal sealed class RenderFailedException(AttemptOutcome outcome, ErrorClass errorClass, string message, Exception inner) : Exception(message, inner)
{
    public AttemptOutcome Outcome { get; } = outcome;

    public ErrorClass ErrorClass { get; } = errorClass;
}
