using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using Google.Protobuf;
using RenderFarm.Diffusion.Models;
using RenderFarm.Diffusion.Onnx;

namespace RenderFarm.Diffusion.Tests.Onnx;

/// <summary>
/// Rewrites a network as exporters do for float16: inputs, outputs and weights are halves. What lies between computes in float32,
/// because the CPU has few kernels for halves and inserts the same conversions.
/// </summary>
internal static class HalfModel
{
    private const string Suffix = "_float32";

    public static void Rewrite(string path)
    {
        var model = ModelProto.Parser.ParseFrom(File.ReadAllBytes(path));
        var graph = model.Graph;
        List<NodeProto> before = [];
        List<NodeProto> after = [];
        foreach (var input in graph.Input.Where(IsFloat))
        {
            Rename(graph, input.Name);
            before.Add(Cast(input.Name, input.Name + Suffix, OnnxElement.Float32));
            input.Type.TensorType.ElemType = (int)OnnxElement.Float16;
        }

        foreach (var output in graph.Output.Where(IsFloat))
        {
            Rename(graph, output.Name);
            after.Add(Cast(output.Name + Suffix, output.Name, OnnxElement.Float16));
            output.Type.TensorType.ElemType = (int)OnnxElement.Float16;
        }

        foreach (var weight in graph.Initializer.Where(weight => weight.DataType == (int)OnnxElement.Float32 && weight.Dims.Count > 0))
        {
            var values = weight.RawData.Length > 0 ? MemoryMarshal.Cast<byte, float>(weight.RawData.Span) : weight.FloatData.ToArray();
            var halves = new Half[values.Length];
            TensorPrimitives.ConvertToHalf(values, halves);
            Rename(graph, weight.Name);
            before.Add(Cast(weight.Name, weight.Name + Suffix, OnnxElement.Float32));
            weight.FloatData.Clear();
            weight.RawData = ByteString.CopyFrom(MemoryMarshal.AsBytes<Half>(halves));
            weight.DataType = (int)OnnxElement.Float16;
        }

        NodeProto[] nodes = [.. before, .. graph.Node, .. after];
        graph.Node.Clear();
        graph.Node.AddRange(nodes);
        File.WriteAllBytes(path, model.ToByteArray());
    }

    /// <summary>Multiplies an output, so that it no longer fits into a half.</summary>
    public static void Enlarge(string path, string output, float factor)
    {
        var model = ModelProto.Parser.ParseFrom(File.ReadAllBytes(path));
        Rename(model.Graph, output, "_small");
        model.Graph.Initializer.Add(new TensorProto { Name = "factor", DataType = (int)OnnxElement.Float32, FloatData = { factor } });
        model.Graph.Node.Add(new NodeProto { OpType = "Mul", Input = { output + "_small", "factor" }, Output = { output } });
        File.WriteAllBytes(path, model.ToByteArray());
    }

    private static bool IsFloat(ValueInfoProto value) => value.Type.TensorType.ElemType == (int)OnnxElement.Float32;

    private static void Rename(GraphProto graph, string name, string suffix = Suffix)
    {
        foreach (var node in graph.Node)
        {
            foreach (var values in new IList<string>[] { node.Input, node.Output })
            {
                for (var i = 0; i < values.Count; i++)
                {
                    values[i] = values[i] == name ? name + suffix : values[i];
                }
            }
        }
    }

    private static NodeProto Cast(string from, string to, OnnxElement element) => new()
    {
        OpType = "Cast",
        Input = { from },
        Output = { to },
        Attribute = { new AttributeProto { Name = "to", Type = AttributeProto.Types.AttributeType.Int, I = (int)element } },
    };
}
