namespace RenderFarm.Diffusion.Previews;

/// <summary>What a picture looks like while it is rendered: rows of RGB bytes, as large as the latent or, with a decoder of its own, as the picture.</summary>
public sealed record Preview(int Index, int Step, int Steps, int Width, int Height, ReadOnlyMemory<byte> Rgb);
