using System.Runtime.InteropServices;
using Google.Protobuf;
using RenderFarm.Diffusion.Models;

namespace RenderFarm.Diffusion.Onnx;

/// <summary>
/// Makes pictures whose opposite edges continue each other: each convolution sees the far edge beyond its own instead of zeros
/// (the circular padding of webui's "Tiling"). x becomes [end of x, x, start of x] along each side, and the convolution no longer pads.
/// </summary>
internal static class Seamless
{
    private const string Pads = "pads";
    private const string AutoPad = "auto_pad";

    /// <summary>The graph with every convolution that pads a picture changed. Works for every version of the operators from 10 on.</summary>
    public static GraphProto Of(GraphProto graph)
    {
        var edited = graph.Clone();
        edited.Node.Clear();
        foreach (var node in graph.Node)
        {
            if (PadsOf(node) is not { } pads)
            {
                edited.Node.Add(node);
                continue;
            }

            var convolution = node.Clone();
            for (var (axis, sides) = (0, pads.Length / 2); axis < sides; axis++)
            {
                convolution.Input[0] = Wrap(edited, convolution, axis, pads[axis], pads[axis + sides]);
            }

            convolution.Attribute.Remove(convolution.Attribute.Single(attribute => attribute.Name == Pads));
            edited.Node.Add(convolution);
        }

        return edited;
    }

    /// <summary>How far a convolution pads: the starts of all sides, then the ends; null where it does not.</summary>
    private static long[]? PadsOf(NodeProto node)
    {
        if (node.OpType != "Conv")
        {
            return null;
        }

        var auto = node.Attribute.FirstOrDefault(attribute => attribute.Name == AutoPad)?.S.ToStringUtf8() ?? "NOTSET";
        if (auto is not ("NOTSET" or "VALID"))
        {
            throw new InvalidDataException($"the convolution '{node.Name}' pads by {AutoPad} {auto}, which no pictures without seams can be made with");
        }

        var pads = node.Attribute.FirstOrDefault(attribute => attribute.Name == Pads)?.Ints;
        return pads?.Any(pad => pad != 0) == true ? [.. pads] : null;
    }

    /// <summary>Adds the nodes that wrap a convolution's input along one side, and returns what they give.</summary>
    private static string Wrap(GraphProto graph, NodeProto convolution, int side, long start, long end)
    {
        var source = convolution.Input[0];
        var axis = side + 2;
        List<string> parts = [source];
        if (start > 0)
        {
            parts.Insert(0, Slice("end", -start, long.MaxValue));
        }

        if (end > 0)
        {
            parts.Add(Slice("start", 0, end));
        }

        if (parts.Count == 1)
        {
            return source;
        }

        var wrapped = NameOf("wrapped");
        graph.Node.Add(new NodeProto
        {
            Name = wrapped,
            OpType = "Concat",
            Input = { parts },
            Output = { wrapped },
            Attribute = { new AttributeProto { Name = "axis", I = axis, Type = AttributeProto.Types.AttributeType.Int } },
        });
        return wrapped;

        string NameOf(string part) => $"seamless/{convolution.Output[0]}/{axis}/{part}";

        string Slice(string part, long from, long to)
        {
            var name = NameOf(part);
            graph.Node.Add(new NodeProto { Name = name, OpType = "Slice", Input = { source, Constant("from", from), Constant("to", to), Constant("axis", axis) }, Output = { name } });
            return name;

            string Constant(string what, long value)
            {
                var constant = $"{name}/{what}";
                graph.Initializer.Add(new TensorProto
                {
                    Name = constant,
                    DataType = (int)OnnxElement.Int64,
                    Dims = { 1 },
                    RawData = ByteString.CopyFrom(MemoryMarshal.AsBytes<long>([value])),
                });
                return constant;
            }
        }
    }
}
