using Google.Protobuf;
using RenderFarm.Diffusion.Onnx;

namespace RenderFarm.Diffusion.Tests.Onnx;

/// <summary>Models of a tensor or two, written for one test.</summary>
internal static class OnnxBytes
{
    private const int Float32 = 1;

    public static ModelProto External(string name, long[] dims, params (string Key, string Value)[] data) =>
        new() { IrVersion = 8, Graph = new GraphProto { Initializer = { Tensor(name, dims, data) } } };

    public static TensorProto Tensor(string name, long[] dims, params (string Key, string Value)[] data)
    {
        var tensor = new TensorProto { Name = name, DataType = Float32, DataLocation = TensorProto.Types.DataLocation.External };
        tensor.Dims.AddRange(dims);
        tensor.ExternalData.AddRange(data.Select(entry => new StringStringEntryProto { Key = entry.Key, Value = entry.Value }));
        return tensor;
    }

    /// <summary>A file whose only weight is a hole of so many values, which takes no room on the disk.</summary>
    public static void WriteWithHole(string path, string name, long values)
    {
        var head = new TensorProto { Name = name, DataType = Float32, Dims = { values } }.ToByteArray();
        var length = values * sizeof(float);
        var tensor = head.Length + Field(9, length).Length + length;
        var graph = Field(5, tensor).Length + tensor;
        using var file = File.Create(path);
        file.Write([.. Field(7, graph), .. Field(5, tensor), .. head, .. Field(9, length)]);
        file.SetLength(file.Position + length);
    }

    /// <summary>The key and length of a field with content.</summary>
    private static byte[] Field(int number, long length)
    {
        var bytes = new List<byte> { (byte)((number << 3) | 2) };
        for (; length >= 0x80; length >>= 7)
        {
            bytes.Add((byte)(length | 0x80));
        }

        bytes.Add((byte)length);
        return [.. bytes];
    }
}
