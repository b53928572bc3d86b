namespace RenderFarm.Diffusion.Images.Decoding;

/// <summary>Reads a file of unknown length, but never more than is allowed.</summary>
internal static class BoundedRead
{
    private const int Block = 1 << 16;

    public static ReadOnlyMemory<byte> All(Stream stream, int most = InputLimits.MaxBytes)
    {
        if (stream.CanSeek)
        {
            InputLimits.CheckBytes(stream.Length - stream.Position, most);
        }

        using var file = new MemoryStream();
        var block = new byte[Block];
        while (stream.Read(block) is var read and > 0)
        {
            file.Write(block, 0, read);
            if (file.Length > most)
            {
                InputLimits.CheckBytes(file.Length, most);
            }
        }

        return file.GetBuffer().AsMemory(0, (int)file.Length);
    }
}
