using System.Text;

namespace RenderFarm.Diffusion.Images.Containers;

/// <summary>A named part of a picture file: a PNG or RIFF chunk, or a JPEG segment by its marker.</summary>
internal readonly record struct Chunk(string Type, ReadOnlyMemory<byte> Body)
{
    public ReadOnlySpan<byte> Bytes => Body.Span;

    public static string Name(ReadOnlySpan<byte> type) => Encoding.Latin1.GetString(type);
}
