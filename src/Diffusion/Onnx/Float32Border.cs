using Google.Protobuf.Collections;
using RenderFarm.Diffusion.Models;

namespace RenderFarm.Diffusion.Onnx;

/// <summary>
/// Gives a network in float16 inputs and outputs in float32, so that it is spoken to as any other. The conversion is part of the graph
/// and runs where the network does; what the network computes stays as it is.
/// </summary>
internal static class Float32Border
{
    private const string Suffix = "_float16";

    /// <summary>Whether the graph takes or gives anything in float16.</summary>
    public static bool IsNeeded(GraphProto graph) => HalfInputs(graph).Any() || graph.Output.Any(IsHalf);

    /// <summary>The graph with a conversion behind each such input and before each such output.</summary>
    public static GraphProto Of(GraphProto graph)
    {
        var edited = graph.Clone();
        ValueInfoProto[] inputs = [.. HalfInputs(edited)];
        ValueInfoProto[] outputs = [.. edited.Output.Where(IsHalf)];
        Rename(edited, inputs.Concat(outputs).Select(value => value.Name).ToHashSet(StringComparer.Ordinal));

        // Nodes stand in the order in which they can run.
        NodeProto[] inner = [.. edited.Node];
        edited.Node.Clear();
        edited.Node.AddRange(inputs.Select(input => Cast(input.Name, input.Name + Suffix, OnnxElement.Float16)));
        edited.Node.AddRange(inner);
        edited.Node.AddRange(outputs.Select(output => Cast(output.Name + Suffix, output.Name, OnnxElement.Float32)));
        foreach (var value in inputs.Concat(outputs))
        {
            value.Type.TensorType.ElemType = (int)OnnxElement.Float32;
        }

        return edited;
    }

    // Old exports list weights among the inputs.
    private static IEnumerable<ValueInfoProto> HalfInputs(GraphProto graph) =>
        graph.Input.Where(input => IsHalf(input) && graph.Initializer.All(weight => weight.Name != input.Name));

    private static bool IsHalf(ValueInfoProto value) => value.Type?.TensorType?.ElemType == (int)OnnxElement.Float16;

    /// <summary>Renames values wherever nodes use them, those of inner graphs too, which see the outer ones' values.</summary>
    private static void Rename(GraphProto graph, HashSet<string> names)
    {
        foreach (var node in graph.Node)
        {
            Rename(node.Input, names);
            Rename(node.Output, names);
            foreach (var inner in node.Attribute.SelectMany(attribute => attribute.Graphs.Append(attribute.G)).OfType<GraphProto>())
            {
                Rename(inner, names);
            }
        }
    }

    private static void Rename(RepeatedField<string> values, HashSet<string> names)
    {
        for (var i = 0; i < values.Count; i++)
        {
            if (names.Contains(values[i]))
            {
                values[i] += Suffix;
            }
        }
    }

    private static NodeProto Cast(string from, string to, OnnxElement element) => new()
    {
        OpType = "Cast",
        Name = $"{to}_cast",
        Input = { from },
        Output = { to },
        Attribute = { new AttributeProto { Name = "to", Type = AttributeProto.Types.AttributeType.Int, I = (int)element } },
    };
}
