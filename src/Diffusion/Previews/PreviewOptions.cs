namespace RenderFarm.Diffusion.Previews;

/// <summary>Where previews go, called on the thread that renders, and every how many steps.</summary>
public sealed record PreviewOptions(IProgress<Preview> Sink, int EverySteps = 5);
