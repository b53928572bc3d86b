namespace RenderFarm.Diffusion;

/// <summary>How far a batch is: the last finished step of its longest row's; 0 when the first begins.</summary>
public readonly record struct StepProgress(int Step, int Steps);
