using System.IO.MemoryMappedFiles;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace RenderFarm.Diffusion.Weights;

/// <summary>A .safetensors file mapped into memory: tensors are read from where they lie, when they are asked for.</summary>
internal sealed unsafe class SafetensorsFile : IDisposable
{
    private readonly MemoryMappedFile _map;
    private readonly MemoryMappedViewAccessor _view;
    private readonly byte* _bytes;

    private SafetensorsFile(string path, SafetensorsHeader header)
    {
        Path = path;
        Header = header;
        _map = MemoryMappedFile.CreateFromFile(path, FileMode.Open, mapName: null, capacity: 0, MemoryMappedFileAccess.Read);
        _view = _map.CreateViewAccessor(0, 0, MemoryMappedFileAccess.Read);
        _view.SafeMemoryMappedViewHandle.AcquirePointer(ref _bytes);
    }

    public string Path { get; }

    public SafetensorsHeader Header { get; }

    /// <exception cref="WeightFileException">The file is missing, cut off, not of this format, or contradicts itself.</exception>
    public static SafetensorsFile Open(string path)
    {
        var header = SafetensorsHeader.Read(path);
        try
        {
            return new SafetensorsFile(path, header);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new WeightFileException(path, null, $"it cannot be mapped into memory: {exception.Message}", exception);
        }
    }

    /// <summary>The tensor's bytes in the file; valid until the file is disposed.</summary>
    public ReadOnlySpan<byte> Bytes(WeightTensor tensor) => tensor.ByteCount <= int.MaxValue
        ? new ReadOnlySpan<byte>(_bytes + tensor.Offset, (int)tensor.ByteCount)
        : throw new WeightFileException(Path, tensor.Name, $"it has {tensor.ByteCount} bytes; at most {int.MaxValue} can be read at once.");

    /// <summary>Where the tensor's bytes are in memory; valid until the file is disposed.</summary>
    public nint AddressOf(WeightTensor tensor) => (nint)(_bytes + tensor.Offset);

    /// <summary>The tensor's values as 32-bit floats.</summary>
    public float[] Floats(WeightTensor tensor)
    {
        var bytes = Bytes(tensor);
        var values = new float[tensor.Count];
        switch (tensor.Element)
        {
            case TensorElement.F32:
                MemoryMarshal.Cast<byte, float>(bytes).CopyTo(values);
                break;
            case TensorElement.F16:
                TensorPrimitives.ConvertToSingle(MemoryMarshal.Cast<byte, Half>(bytes), values);
                break;
            case TensorElement.BF16:
                // The upper half of a 32-bit float.
                var halves = MemoryMarshal.Cast<byte, ushort>(bytes);
                for (var i = 0; i < halves.Length; i++)
                {
                    values[i] = BitConverter.UInt32BitsToSingle((uint)halves[i] << 16);
                }

                break;
            case TensorElement.F64:
                TensorPrimitives.ConvertTruncating<double, float>(MemoryMarshal.Cast<byte, double>(bytes), values);
                break;
            case TensorElement.I64:
                TensorPrimitives.ConvertTruncating<long, float>(MemoryMarshal.Cast<byte, long>(bytes), values);
                break;
            case TensorElement.I32:
                TensorPrimitives.ConvertTruncating<int, float>(MemoryMarshal.Cast<byte, int>(bytes), values);
                break;
            default:
                throw new WeightFileException(Path, tensor.Name, $"its elements are {tensor.Element}; F64, F32, F16, BF16, I64 or I32 are needed here.");
        }

        return values;
    }

    /// <summary>SHA-256 of the data without the header, in hex: equal for equal weights whatever was noted beside them.</summary>
    public string DataDigest()
    {
        using var stream = new FileStream(Path, FileMode.Open, FileAccess.Read, FileShare.Read);
        stream.Position = Header.DataOffset;
        return Convert.ToHexStringLower(SHA256.HashData(stream));
    }

    public void Dispose()
    {
        _view.SafeMemoryMappedViewHandle.ReleasePointer();
        _view.Dispose();
        _map.Dispose();
    }
}
