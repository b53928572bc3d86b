namespace RenderFarm.Diffusion.Checkpoints.Keys;

/// <summary>Where a weight lies in a file.</summary>
/// <param name="Name">The tensor's name.</param>
/// <param name="Third">Which third of the tensor's first axis it is, where query, key and value are one tensor; else null.</param>
/// <param name="IsTransposed">Whether the file has rows for columns.</param>
internal sealed record SourceKey(string Name, int? Third = null, bool IsTransposed = false);
