namespace RenderFarm.Coordinator.Dashboard.Elements;

/// <summary>A part of a bar.</summary>
/// <param name="Share">Of the whole bar, 0 to 1.</param>
/// <param name="Colour">A class of <see cref="StateColour"/>.</param>
/// <param name="IsMoving">Striped: work in progress.</param>
public sealed record BarSegment(double Share, string Colour, bool IsMoving = false);
