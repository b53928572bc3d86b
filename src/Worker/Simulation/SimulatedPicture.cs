using System.Buffers.Binary;
using RenderFarm.Diffusion.Images;
using RenderFarm.Shared.Protocol;
using RenderFarm.Worker.Rendering;

namespace RenderFarm.Worker.Simulation;

/// <summary>A small valid picture that follows from seed and index alone: the same frame has the same bytes on every simulated worker.</summary>
internal static class SimulatedPicture
{
    /// <summary>Pixels of a side.</summary>
    public const int Side = 8;

    private const int Channels = 3;

    /// <summary>The file, in the format that the job asks for.</summary>
    public static byte[] Write(LeaseOffered offer, LeasedFrame frame)
    {
        Span<byte> rgb = stackalloc byte[Side * Side * Channels];
        for (var at = 0; at < rgb.Length; at += sizeof(ulong))
        {
            BinaryPrimitives.WriteUInt64LittleEndian(rgb[at..], Chance.Of(frame.Seed, frame.Index, at));
        }

        using var stream = new MemoryStream();
        PictureWriter.Write(stream, rgb, Side, Side, PictureFile.Of(offer.Output));
        return stream.ToArray();
    }
}
