namespace RenderFarm.Diffusion;

/// <summary>How far a batch is: the last finished step, from 1, of its longest row's.</summary>
public readonly record struct StepProgress(int Step, int Steps);
