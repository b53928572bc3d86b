using System.Text;

namespace RenderFarm.Diffusion.Models;

/// <summary>
/// The names, element types and ranks of a network's inputs and outputs, read from the file without loading its weights:
/// ModelProto.graph is field 7; GraphProto.input and output are fields 11 and 12; everything else is stepped over.
/// </summary>
internal sealed record OnnxSignature(IReadOnlyList<OnnxValue> Inputs, IReadOnlyList<OnnxValue> Outputs)
{
    private const int Varint = 0;
    private const int Fixed64 = 1;
    private const int Bytes = 2;
    private const int Fixed32 = 5;

    public OnnxValue? Input(string name) => Inputs.FirstOrDefault(value => value.Name == name);

    public OnnxValue? Output(string name) => Outputs.FirstOrDefault(value => value.Name == name);

    /// <summary>Reads the signature; throws <see cref="InvalidDataException"/> where the file is no ONNX model.</summary>
    public static OnnxSignature Read(string path)
    {
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 16);
        List<OnnxValue> inputs = [];
        List<OnnxValue> outputs = [];
        var found = false;
        ForEachField(stream, stream.Length, (field, length) =>
        {
            if (field != 7)
            {
                return false;
            }

            found = true;
            ForEachField(stream, stream.Position + length, (part, size) =>
            {
                if (part is not (11 or 12))
                {
                    return false;
                }

                var message = new byte[size];
                stream.ReadExactly(message);
                (part == 11 ? inputs : outputs).Add(ReadValue(message));
                return true;
            });
            return true;
        });
        return found ? new OnnxSignature(inputs, outputs) : throw new InvalidDataException("it holds no graph");
    }

    private static OnnxValue ReadValue(byte[] message)
    {
        // ValueInfoProto: name 1, type 2; TypeProto.tensor_type 1; Tensor: elem_type 1, shape 2; TensorShapeProto.dim 1: dim_value 1.
        var name = "";
        var elementType = 0;
        List<long>? shape = null;
        Walk(message, (field, number, value) =>
        {
            if (field == 1)
            {
                name = Encoding.UTF8.GetString(value.Span);
            }
            else if (field == 2)
            {
                Walk(value, (_, _, tensor) => Walk(tensor, (part, type, dims) =>
                {
                    if (part == 1)
                    {
                        elementType = (int)type;
                    }
                    else if (part == 2)
                    {
                        shape = [];
                        Walk(dims, (_, _, dim) =>
                        {
                            var size = -1L;
                            Walk(dim, (kind, fixedSize, _) => size = kind == 1 ? fixedSize : size);
                            shape.Add(size);
                        });
                    }
                }));
            }
        });
        return new OnnxValue(name, (OnnxElement)elementType, shape);
    }

    private static void Walk(ReadOnlyMemory<byte> message, Action<int, long, ReadOnlyMemory<byte>> visit)
    {
        var stream = new MemoryStream(message.ToArray(), writable: false);
        while (stream.Position < stream.Length)
        {
            var (field, wire) = ReadKey(stream);
            if (wire == Varint)
            {
                visit(field, ReadVarint(stream), default);
                continue;
            }

            var length = LengthOf(stream, wire);
            visit(field, 0, message.Slice((int)stream.Position, checked((int)length)));
            stream.Position += length;
        }
    }

    private static void ForEachField(Stream stream, long end, Func<int, long, bool> read)
    {
        while (stream.Position < end)
        {
            var (field, wire) = ReadKey(stream);
            if (wire == Varint)
            {
                ReadVarint(stream);
                continue;
            }

            var length = LengthOf(stream, wire);
            if (stream.Position + length > end)
            {
                throw new InvalidDataException("it ends in the middle of a field");
            }

            if (wire != Bytes || !read(field, length))
            {
                stream.Seek(length, SeekOrigin.Current);
            }
        }
    }

    private static (int Field, int Wire) ReadKey(Stream stream)
    {
        var key = ReadVarint(stream);
        return key >> 3 is > 0 and < 1 << 29 ? ((int)(key >> 3), (int)(key & 7)) : throw new InvalidDataException("it is not an ONNX file");
    }

    private static long LengthOf(Stream stream, int wire) => wire switch
    {
        Bytes => ReadVarint(stream) is >= 0 and var length ? length : throw new InvalidDataException("it is not an ONNX file"),
        Fixed64 => sizeof(long),
        Fixed32 => sizeof(int),
        _ => throw new InvalidDataException("it is not an ONNX file"),
    };

    private static long ReadVarint(Stream stream)
    {
        var value = 0L;
        for (var shift = 0; shift < 64; shift += 7)
        {
            var read = stream.ReadByte();
            if (read < 0)
            {
                throw new InvalidDataException("it ends in the middle of a field");
            }

            value |= (long)(read & 0x7f) << shift;
            if (read < 0x80)
            {
                return value;
            }
        }

        throw new InvalidDataException("it is not an ONNX file");
    }
}
