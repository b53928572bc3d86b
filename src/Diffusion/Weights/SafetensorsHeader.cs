using System.Buffers.Binary;
using System.Text.Json;

namespace RenderFarm.Diffusion.Weights;

/// <summary>
/// What a .safetensors file holds, read without its data: eight bytes for the length of the header, the header as JSON
/// (name to dtype, shape and data_offsets, which count from the header's end), the data.
/// As the format asks, the tensors fill the data without gaps or overlaps.
/// </summary>
internal sealed class SafetensorsHeader
{
    /// <summary>The largest checkpoints in use take 1 MB, LoRAs with their training's notes 10 MB. The format allows 100 MB, which would cost as much memory.</summary>
    public const int MostHeaderBytes = 16 << 20;

    private const int LengthBytes = sizeof(ulong);

    private SafetensorsHeader(long dataOffset, long dataBytes, IReadOnlyDictionary<string, WeightTensor> tensors, IReadOnlyDictionary<string, string> texts) =>
        (DataOffset, DataBytes, Tensors, Texts) = (dataOffset, dataBytes, tensors, texts);

    /// <summary>By name, in no order that means anything.</summary>
    public IReadOnlyDictionary<string, WeightTensor> Tensors { get; }

    /// <summary>What the writer noted beside the tensors.</summary>
    public IReadOnlyDictionary<string, string> Texts { get; }

    /// <summary>Where the data begins in the file.</summary>
    public long DataOffset { get; }

    public long DataBytes { get; }

    /// <exception cref="WeightFileException">The file is missing, cut off, not of this format, or contradicts itself.</exception>
    public static SafetensorsHeader Read(string file)
    {
        try
        {
            using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
            return Read(file, stream, stream.Length);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new WeightFileException(file, null, $"it cannot be read: {exception.Message}", exception);
        }
    }

    /// <summary>Reads the header of a file of this many bytes, of which the stream need not have more than the header.</summary>
    public static SafetensorsHeader Read(string file, Stream stream, long fileBytes)
    {
        if (fileBytes < LengthBytes)
        {
            throw new WeightFileException(file, null, $"it has {fileBytes} bytes; a .safetensors file begins with the 8 bytes of its header's length.");
        }

        Span<byte> length = stackalloc byte[LengthBytes];
        stream.ReadExactly(length);
        var headerBytes = BinaryPrimitives.ReadUInt64LittleEndian(length);
        var most = Math.Min(MostHeaderBytes, fileBytes - LengthBytes);
        if (headerBytes > (ulong)most)
        {
            throw new WeightFileException(file, null, $"its header is said to have {headerBytes} bytes; at most {most} are possible. The file is cut off or of another format.");
        }

        var bytes = new byte[headerBytes];
        stream.ReadExactly(bytes);
        var dataOffset = LengthBytes + (long)headerBytes;
        var json = new SafetensorsJson(file, dataOffset, fileBytes - dataOffset);
        try
        {
            json.Read(bytes);
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            // The second is what texts with broken escapes cost.
            throw new WeightFileException(file, json.Current, $"the header is not JSON: {exception.Message}", exception);
        }

        var header = new SafetensorsHeader(dataOffset, fileBytes - dataOffset, json.Tensors, json.Texts);
        header.CheckLayout(file);
        return header;
    }

    private void CheckLayout(string file)
    {
        var end = DataOffset;
        foreach (var tensor in Tensors.Values.OrderBy(tensor => tensor.Offset).ThenBy(tensor => tensor.ByteCount))
        {
            if (tensor.Offset != end)
            {
                throw new WeightFileException(file, tensor.Name, tensor.Offset < end ? "it overlaps another tensor." : $"{tensor.Offset - end} bytes before it belong to no tensor.");
            }

            end += tensor.ByteCount;
        }

        if (end != DataOffset + DataBytes)
        {
            throw new WeightFileException(file, null, $"{DataOffset + DataBytes - end} bytes at its end belong to no tensor.");
        }
    }
}
