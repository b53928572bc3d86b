using RenderFarm.Diffusion.Scoring;

namespace RenderFarm.Diffusion.Models;

/// <summary>A network that says which pictures are unfit to be shown, and how it wants them prepared.</summary>
internal sealed record SafetyParts(OnnxSignature Network, PictureInput Input);

/// <summary>A small decoder of latents: its file and the names of its one input and output.</summary>
internal sealed record PreviewDecoderParts(string NetworkFile, string Input, string Output);
