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
    private const int LengthBytes = sizeof(ulong);

    // The format's own limit.
    private const long MaxHeaderBytes = 100_000_000;
    private const string Metadata = "__metadata__";

    private readonly string _file;
    private readonly Dictionary<string, WeightTensor> _tensors = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _texts = new(StringComparer.Ordinal);

    private SafetensorsHeader(string file, long dataOffset, long dataBytes) => (_file, DataOffset, DataBytes) = (file, dataOffset, dataBytes);

    /// <summary>By name, in no order that means anything.</summary>
    public IReadOnlyDictionary<string, WeightTensor> Tensors => _tensors;

    /// <summary>What the writer noted beside the tensors.</summary>
    public IReadOnlyDictionary<string, string> Texts => _texts;

    /// <summary>Where the data begins in the file.</summary>
    public long DataOffset { get; }

    public long DataBytes { get; }

    /// <exception cref="WeightFileException">The file is missing, cut off, not of this format, or contradicts itself.</exception>
    public static SafetensorsHeader Read(string file)
    {
        try
        {
            using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.Read);
            return Read(file, stream, stream.Length);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new WeightFileException(file, null, $"it cannot be read: {exception.Message}", exception);
        }
    }

    private static SafetensorsHeader Read(string file, Stream stream, long fileBytes)
    {
        if (fileBytes < LengthBytes)
        {
            throw new WeightFileException(file, null, $"it has {fileBytes} bytes; a .safetensors file begins with the 8 bytes of its header's length.");
        }

        Span<byte> length = stackalloc byte[LengthBytes];
        stream.ReadExactly(length);
        var headerBytes = BinaryPrimitives.ReadUInt64LittleEndian(length);
        var most = Math.Min(MaxHeaderBytes, fileBytes - LengthBytes);
        if (headerBytes > (ulong)most)
        {
            throw new WeightFileException(file, null, $"its header is said to have {headerBytes} bytes; at most {most} are possible. The file is cut off or of another format.");
        }

        var bytes = new byte[headerBytes];
        stream.ReadExactly(bytes);
        var dataOffset = LengthBytes + (long)headerBytes;
        var header = new SafetensorsHeader(file, dataOffset, fileBytes - dataOffset);
        try
        {
            using var document = JsonDocument.Parse(bytes);
            header.Add(document.RootElement);
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            // The second is what texts with broken escapes cost.
            throw new WeightFileException(file, null, $"its header is not JSON: {exception.Message}", exception);
        }

        header.CheckLayout();
        return header;
    }

    private void Add(JsonElement root)
    {
        if (root.ValueKind != JsonValueKind.Object)
        {
            throw new WeightFileException(_file, null, $"its header is a JSON {root.ValueKind}; an object is needed.");
        }

        var hasTexts = false;
        foreach (var entry in root.EnumerateObject())
        {
            if (entry.Name != Metadata)
            {
                var tensor = TensorOf(entry.Name, entry.Value);
                Require(_tensors.TryAdd(entry.Name, tensor), entry.Name, "the header names it twice.");
                continue;
            }

            Require(!hasTexts && entry.Value.ValueKind == JsonValueKind.Object, Metadata, "it must be there once and be an object of texts.");
            hasTexts = true;
            foreach (var text in entry.Value.EnumerateObject())
            {
                Require(text.Value.ValueKind == JsonValueKind.String && _texts.TryAdd(text.Name, text.Value.GetString()!), Metadata, $"'{text.Name}' must be there once and be a text.");
            }
        }
    }

    private WeightTensor TensorOf(string name, JsonElement description)
    {
        Require(description.ValueKind == JsonValueKind.Object, name, $"it is described by a JSON {description.ValueKind}; dtype, shape and data_offsets are needed.");
        Require(description.GetPropertyCount() == 3, name, "it must have dtype, shape and data_offsets, each once.");
        var dtype = description.TryGetProperty("dtype", out var type) && type.ValueKind == JsonValueKind.String ? type.GetString() : null;
        var element = TensorElements.Named(dtype)
            ?? throw new WeightFileException(_file, name, $"its dtype is '{dtype}'; known are {string.Join(", ", TensorElements.Names)}.");
        var shape = Numbers(name, description, "shape");
        var offsets = Numbers(name, description, "data_offsets");
        Require(offsets.Length == 2 && offsets[0] <= offsets[1] && offsets[1] <= DataBytes, name, $"its data_offsets are [{string.Join(", ", offsets)}]; the data has {DataBytes} bytes.");
        var bytes = offsets[1] - offsets[0];
        Require(BytesOf(shape, element) == bytes, name, $"its shape [{string.Join(", ", shape)}] of {dtype} does not fill its {bytes} bytes.");
        return new WeightTensor(name, element, shape, DataOffset + offsets[0], bytes);
    }

    private long[] Numbers(string name, JsonElement description, string key)
    {
        var numbers = new List<long>();
        Require(description.TryGetProperty(key, out var list) && list.ValueKind == JsonValueKind.Array, name, $"its {key} must be a list.");
        foreach (var value in list.EnumerateArray())
        {
            var isSize = value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out _) && value.GetInt64() >= 0;
            Require(isSize, name, $"its {key} must hold whole numbers from 0.");
            numbers.Add(value.GetInt64());
        }

        return [.. numbers];
    }

    /// <summary>Null where the product does not fit in 63 bits.</summary>
    private static long? BytesOf(long[] shape, TensorElement element)
    {
        Int128 bytes = element.Bytes();
        foreach (var size in shape)
        {
            // Both factors are below 2^63.
            bytes *= size;
            if (bytes > long.MaxValue)
            {
                return null;
            }
        }

        return (long)bytes;
    }

    private void CheckLayout()
    {
        var end = DataOffset;
        foreach (var tensor in _tensors.Values.OrderBy(tensor => tensor.Offset).ThenBy(tensor => tensor.ByteCount))
        {
            Require(tensor.Offset >= end, tensor.Name, "it overlaps another tensor.");
            Require(tensor.Offset == end, tensor.Name, $"{tensor.Offset - end} bytes before it belong to no tensor.");
            end += tensor.ByteCount;
        }

        if (end != DataOffset + DataBytes)
        {
            throw new WeightFileException(_file, null, $"{DataOffset + DataBytes - end} bytes at its end belong to no tensor.");
        }
    }

    private void Require(bool holds, string tensor, string problem)
    {
        if (!holds)
        {
            throw new WeightFileException(_file, tensor.Length <= 200 ? tensor : tensor[..200], problem);
        }
    }
}
