namespace RenderFarm.Diffusion.Samplers;

/// <summary>
/// A sampler's question to the network: which picture is in X = x0 + sigma * noise? The timestep is what the network is told;
/// the step, from 0, is the sampler's own, of which each may ask more than once.
/// </summary>
internal readonly record struct Evaluation(float[] X, float Sigma, float Timestep, int Step);
