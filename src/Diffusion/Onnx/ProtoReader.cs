namespace RenderFarm.Diffusion.Onnx;

/// <summary>
/// Steps through the fields of a protobuf message in a file of any size.
/// A field is a varint of number * 8 + wire type, then a varint, 8 bytes, a length and so many bytes, or 4 bytes.
/// </summary>
internal sealed class ProtoReader(FileStream file)
{
    private const int Varint = 0;
    private const int Fixed64 = 1;
    private const int Bytes = 2;
    private const int Fixed32 = 5;

    public long Length => file.Length;

    /// <summary>Where the next field begins.</summary>
    public long Position
    {
        get => file.Position;
        set => file.Position = value;
    }

    /// <summary>Reads a field up to its content and says where that ends; the number is 0 where the field has no length.</summary>
    public (int Number, long End) ReadField(long messageEnd)
    {
        var key = ReadVarint();
        if (key >> 3 is <= 0 or >= 1 << 29)
        {
            throw NotOnnx();
        }

        if ((key & 7) == Varint)
        {
            ReadVarint();
            return Position <= messageEnd ? (0, Position) : throw Cut();
        }

        var length = (key & 7) switch
        {
            Bytes => ReadVarint(),
            Fixed64 => sizeof(long),
            Fixed32 => sizeof(int),
            _ => throw NotOnnx(),
        };
        return length >= 0 && length <= messageEnd - Position ? ((key & 7) == Bytes ? (int)(key >> 3) : 0, Position + length) : throw Cut();
    }

    public byte[] Read(long start, long end)
    {
        var bytes = new byte[end - start];
        Position = start;
        file.ReadExactly(bytes);
        return bytes;
    }

    private static InvalidDataException NotOnnx() => new("it is not an ONNX file");

    private static InvalidDataException Cut() => new("it ends in the middle of a field");

    private long ReadVarint()
    {
        var value = 0L;
        for (var shift = 0; shift < 64; shift += 7)
        {
            var read = file.ReadByte();
            if (read < 0)
            {
                throw Cut();
            }

            value |= (long)(read & 0x7f) << shift;
            if (read < 0x80)
            {
                return value;
            }
        }

        throw NotOnnx();
    }
}
