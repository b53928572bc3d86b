using RenderFarm.Diffusion.Onnx;

namespace RenderFarm.Diffusion.Lora.Merging;

/// <summary>A layer's weight in a network, and whether it is stored as (in, out), as exporters fold linear layers, instead of (out, in).</summary>
internal sealed record ModuleWeight(Weight Weight, bool IsTransposed);

/// <summary>
/// The weights of a network's linear and convolution layers, by their module's path with underscores for dots.
/// Folded weights are anonymous ("onnx::MatMul_812"); the node that uses one is named after the module's path
/// ("/down_blocks.1/attentions.0/proj_in/MatMul").
/// </summary>
internal sealed class ModuleIndex
{
    private const string WeightEnding = ".weight";

    private readonly Dictionary<string, ModuleWeight> _modules = new(StringComparer.Ordinal);
    private readonly Dictionary<string, ModuleWeight?> _inner = new(StringComparer.Ordinal);
    private readonly Dictionary<string, HashSet<string>> _users = new(StringComparer.Ordinal);

    public ModuleIndex(OnnxGraphFile file)
    {
        var makers = new Dictionary<string, NodeProto>(StringComparer.Ordinal);
        foreach (var node in file.Model.Graph.Node.Where(node => node.OpType is "Identity" or "Cast" or "Transpose" && node.Output.Count == 1))
        {
            makers[node.Output[0]] = node;
        }

        var found = file.Model.Graph.Node
            .Select(node => (Node: node, Weight: WeightOf(node, file.Weights, makers)))
            .Where(one => one.Weight is not null)
            .ToArray();
        foreach (var (node, weight) in found)
        {
            Add(ModuleOf(node.Name), weight!);
        }

        // Where nodes are not named by module, weights may be.
        foreach (var (_, weight) in found.Where(one => one.Weight!.Weight.Name.EndsWith(WeightEnding, StringComparison.Ordinal)))
        {
            _modules.TryAdd(weight!.Weight.Name[..^WeightEnding.Length].Replace('.', '_'), weight);
        }
    }

    /// <summary>By the whole path, or by the path without the network's own name at its beginning.</summary>
    public ModuleWeight? Find(string module) => _modules.GetValueOrDefault(module) ?? _inner.GetValueOrDefault(module);

    /// <summary>Whether other modules read the same weight, which exporters store once where two are equal.</summary>
    public bool IsShared(ModuleWeight weight) => _users[weight.Weight.Name].Count > 1;

    private void Add(string path, ModuleWeight weight)
    {
        if (!_users.TryGetValue(weight.Weight.Name, out var users))
        {
            _users[weight.Weight.Name] = users = new HashSet<string>(StringComparer.Ordinal);
        }

        users.Add(path);
        _modules.TryAdd(path.Replace('.', '_'), weight);
        if (path.IndexOf('.') is > 0 and var end)
        {
            var inner = path[(end + 1)..].Replace('.', '_');
            _inner[inner] = _inner.TryGetValue(inner, out var other) && other?.Weight.Name != weight.Weight.Name ? null : weight;
        }
    }

    /// <summary>"/a/b.0/c/MatMul" is a node of the module a.b.0.c.</summary>
    private static string ModuleOf(string node)
    {
        var end = node.LastIndexOf('/');
        return end > 0 ? node[..end].Trim('/').Replace('/', '.') : node;
    }

    private static ModuleWeight? WeightOf(NodeProto node, WeightTable weights, Dictionary<string, NodeProto> makers)
    {
        if (node.OpType is not ("MatMul" or "Gemm" or "Conv") || node.Input.Count < 2)
        {
            return null;
        }

        var isTransposed = node.OpType == "MatMul" || (node.OpType == "Gemm" && node.Attribute.All(attribute => attribute.Name != "transB" || attribute.I == 0));
        var name = node.Input[1];
        Weight? weight;
        while (!weights.TryFind(name, out weight) && makers.TryGetValue(name, out var maker))
        {
            isTransposed ^= maker.OpType == "Transpose";
            name = maker.Input[0];
        }

        return weight is not null && (node.OpType == "Conv" ? weight.Dims.Count >= 3 && !isTransposed : weight.Dims.Count == 2) ? new ModuleWeight(weight, isTransposed) : null;
    }
}
