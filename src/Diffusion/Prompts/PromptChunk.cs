namespace RenderFarm.Diffusion.Prompts;

/// <summary>One run of the text encoder: begin, tokens, end, and the weight of each.</summary>
internal sealed record PromptChunk(int[] Tokens, float[] Weights);
