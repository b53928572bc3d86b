using System.Buffers.Binary;
using System.Security.Cryptography;
using RenderFarm.Diffusion.Images;
using RenderFarm.Shared.Protocol;
using RenderFarm.Shared.Settings;
using RenderFarm.Worker.Rendering;

namespace RenderFarm.Worker.Simulation;

/// <summary>A small valid picture that follows from seed and index alone: the same frame has the same bytes on every simulated worker.</summary>
/// <param name="Bytes">The file.</param>
/// <param name="Sha256">Of the file, lower-case hexadecimal.</param>
internal sealed record SimulatedPicture(byte[] Bytes, string Sha256)
{
    /// <summary>Pixels of a side.</summary>
    public const int Side = 8;

    private const int Channels = 3;

    /// <summary>The picture of a frame, in the format that the job asks for.</summary>
    public static SimulatedPicture Of(OutputSettings output, LeasedFrame frame)
    {
        Span<byte> rgb = stackalloc byte[Side * Side * Channels];
        for (var at = 0; at < rgb.Length; at += sizeof(ulong))
        {
            BinaryPrimitives.WriteUInt64LittleEndian(rgb[at..], Chance.Of(frame.Seed, frame.Index, at));
        }

        using var stream = new MemoryStream();
        PictureWriter.Write(stream, rgb, Side, Side, PictureFile.Of(output));
        var bytes = stream.ToArray();
        return new SimulatedPicture(bytes, Convert.ToHexStringLower(SHA256.HashData(bytes)));
    }
}
