using System.Globalization;
using RenderFarm.Diffusion.Checkpoints.Keys;
using RenderFarm.Diffusion.Models;
using RenderFarm.Diffusion.Onnx;
using RenderFarm.Diffusion.Weights;

namespace RenderFarm.Diffusion.Checkpoints;

/// <summary>
/// Points the weights of a graph to where they lie in checkpoints, which the runtime then maps into memory. Where a file has them in
/// another form, the graph makes of it what it needs while it is loaded: a Cast for half precision, a Transpose for rows that are columns.
/// </summary>
internal sealed class PlacedWeights
{
    private const string Stored = "/stored";
    private const int MostNamed = 5;

    private static readonly Dictionary<TensorElement, OnnxElement> Elements = new()
    {
        [TensorElement.F32] = OnnxElement.Float32,
        [TensorElement.F16] = OnnxElement.Float16,
        [TensorElement.BF16] = OnnxElement.BFloat16,
    };

    private readonly WeightFiles _files;
    private readonly IKeyRules _rules;
    private readonly ILookup<string, NodeProto> _readers;
    private readonly List<NodeProto> _before = [];
    private readonly Dictionary<NodeProto, NodeProto> _behind = new(ReferenceEqualityComparer.Instance);
    private readonly List<string> _missing = [];
    private readonly HashSet<string> _used = new(StringComparer.Ordinal);

    private PlacedWeights(GraphProto graph, WeightFiles files, IKeyRules rules)
    {
        (_files, _rules) = (files, rules);
        _readers = graph.Node.SelectMany(node => node.Input.Select(input => (Input: input, Node: node))).ToLookup(use => use.Input, use => use.Node, StringComparer.Ordinal);
    }

    /// <summary>Edits the graph and returns the tensors that it now reads. Throws <see cref="ModelFolderException"/> where a weight is missing or of another shape.</summary>
    public static IReadOnlySet<string> Place(GraphProto graph, WeightFiles files, IKeyRules rules)
    {
        var placed = new PlacedWeights(graph, files, rules);
        foreach (var weight in graph.Initializer.Where(IsWeight))
        {
            placed.Place(weight);
        }

        if (placed._missing is { Count: > 0 } missing)
        {
            var more = missing.Count > MostNamed ? $" and {missing.Count - MostNamed} more" : "";
            throw placed.Refused($"It lacks {string.Join(", ", missing.Take(MostNamed))}{more}.");
        }

        // Nodes stand in the order in which they can run.
        NodeProto[] inner = [.. graph.Node];
        graph.Node.Clear();
        graph.Node.AddRange(placed._before);
        graph.Node.AddRange(inner.SelectMany(node => placed._behind.TryGetValue(node, out var cast) ? [node, cast] : (NodeProto[])[node]));
        return placed._used;
    }

    /// <summary>The names that diffusers has for the weights of a graph, where the network's own name stands before them.</summary>
    public static IEnumerable<string> KeysOf(GraphProto graph) => graph.Initializer.Where(IsWeight).Select(KeyOf);

    public static bool IsWeight(TensorProto tensor) => tensor.DataLocation == TensorProto.Types.DataLocation.External;

    /// <summary>The name that diffusers has for a weight, placed or not.</summary>
    public static string KeyOf(TensorProto weight)
    {
        var key = weight.Name.AsSpan(weight.Name.IndexOf('.', StringComparison.Ordinal) + 1);
        return key.EndsWith(Stored, StringComparison.Ordinal) ? $"{key[..^Stored.Length]}" : $"{key}";
    }

    private void Place(TensorProto weight)
    {
        SourceKey[] places = [.. _rules.Of(KeyOf(weight))];
        var source = places.FirstOrDefault(place => _files.Find(place.Name) is not null);
        if (source is null)
        {
            _missing.Add(places[0].Name);
            return;
        }

        // 1. The part of the file.
        _used.Add(source.Name);
        var (file, tensor) = _files.Find(source.Name)!.Value;
        long[] needed = source.IsTransposed ? [.. weight.Dims.Reverse()] : [.. weight.Dims];
        long[] inFile = source.Third is null ? needed : [3 * needed[0], .. needed[1..]];
        if (!WithoutTrailingOnes(inFile).SequenceEqual(WithoutTrailingOnes([.. tensor.Shape])))
        {
            throw Refused($"The tensor {tensor.Name} has the shape [{string.Join(", ", tensor.Shape)}]; [{string.Join(", ", inFile)}] is needed.");
        }

        if (!Elements.TryGetValue(tensor.Element, out var element))
        {
            throw Refused($"The tensor {tensor.Name} has elements of {tensor.Element}; {string.Join(", ", Elements.Keys)} can be used.");
        }

        var length = source.Third is null ? tensor.ByteCount : tensor.ByteCount / 3;
        SetData(weight, file, tensor.Offset + (length * (source.Third ?? 0)), length);
        weight.DataType = (int)element;
        weight.Dims.Clear();
        weight.Dims.AddRange(needed);

        // 2. What makes of it the weight that the graph reads.
        List<NodeProto> makers = [];
        if (element != OnnxElement.Float32)
        {
            makers.Add(Node("Cast", "to", new AttributeProto { Type = AttributeProto.Types.AttributeType.Int, I = (int)OnnxElement.Float32 }));
        }

        if (source.IsTransposed)
        {
            makers.Add(Node("Transpose", "perm", new AttributeProto { Type = AttributeProto.Types.AttributeType.Ints, Ints = { 1, 0 } }));
        }

        if (makers is [{ OpType: "Cast" } cast] && _readers[weight.Name].ToArray() is [{ OpType: "Gather" } lookup] && lookup.Input[0] == weight.Name)
        {
            ConnectBehind(lookup, cast);
        }
        else
        {
            Connect(weight, makers);
        }
    }

    /// <summary>Of a table only the rows that are looked up are read, and only they are made floats.</summary>
    private void ConnectBehind(NodeProto lookup, NodeProto cast)
    {
        var rows = lookup.Output[0];
        lookup.Output[0] = rows + Stored;
        cast.Input.Add(rows + Stored);
        cast.Output.Add(rows);
        cast.Name = $"{rows}/{cast.OpType}";
        _behind.Add(lookup, cast);
    }

    /// <summary>The graph goes on to read the weight by its name, which the last of these nodes now makes.</summary>
    private void Connect(TensorProto weight, List<NodeProto> makers)
    {
        var name = weight.Name;
        for (var i = 0; i < makers.Count; i++)
        {
            makers[i].Input.Add(i == 0 ? name + Stored : makers[i - 1].Output[0]);
            makers[i].Output.Add(i == makers.Count - 1 ? name : $"{name}/{i}");
            makers[i].Name = $"{name}/{makers[i].OpType}";
        }

        weight.Name = makers.Count > 0 ? name + Stored : name;
        _before.AddRange(makers);
    }

    private static NodeProto Node(string type, string attribute, AttributeProto value)
    {
        value.Name = attribute;
        return new NodeProto { OpType = type, Attribute = { value } };
    }

    private static void SetData(TensorProto weight, string file, long offset, long length)
    {
        weight.ExternalData.Clear();
        weight.ExternalData.Add(new StringStringEntryProto { Key = ExternalData.LocationKey, Value = file });
        weight.ExternalData.Add(new StringStringEntryProto { Key = ExternalData.OffsetKey, Value = offset.ToString(CultureInfo.InvariantCulture) });
        weight.ExternalData.Add(new StringStringEntryProto { Key = ExternalData.LengthKey, Value = length.ToString(CultureInfo.InvariantCulture) });
    }

    // Old files have convolutions of one pixel where others have matrices; the bytes are the same.
    private static ReadOnlySpan<long> WithoutTrailingOnes(long[] shape) => shape.AsSpan().TrimEnd(1L);

    private ModelFolderException Refused(string problem) =>
        new(_files.Folder, _files.Name, problem, "Take a checkpoint that is whole and of a supported family.");
}
