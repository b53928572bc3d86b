namespace RenderFarm.Diffusion.Models;

/// <summary>What a look at a folder found: the model where it can be used, else all that is wrong.</summary>
public sealed record ModelInspection(ModelFolder? Model, IReadOnlyList<ModelProblem> Problems);
