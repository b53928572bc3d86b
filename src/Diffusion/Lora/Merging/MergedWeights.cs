using RenderFarm.Diffusion.Onnx;
using RenderFarm.Diffusion.Runtime;

namespace RenderFarm.Diffusion.Lora.Merging;

/// <summary>The weights of a network that LoRAs change, each computed when it is asked for. The LoRAs' files must be open till then.</summary>
internal sealed class MergedWeights
{
    private readonly OnnxGraphFile _graph;
    private readonly ILookup<string, LoraChange> _changes;

    public MergedWeights(OnnxGraphFile graph, IEnumerable<LoraChange> changes)
    {
        _graph = graph;
        _changes = changes.ToLookup(change => change.Target.Weight.Name);
        Weights = [.. _changes.OrderBy(changed => changed.Key, StringComparer.Ordinal).Select(changed => changed.First().Target.Weight)];
    }

    /// <summary>Those that change.</summary>
    public IReadOnlyList<Weight> Weights { get; }

    /// <summary>The files that they lie in.</summary>
    public IEnumerable<string> Files => Weights.Select(weight => weight.Data is { } data ? _graph.Weights.PathOf(data) : _graph.Path).Distinct();

    /// <summary>A weight with the LoRAs in it, in its own precision and layout.</summary>
    public byte[] Compute(Weight weight)
    {
        var stored = _graph.Weights.Read(weight);
        var values = StoredFloats.Read(stored, weight.Element);
        foreach (var change in _changes[weight.Name])
        {
            change.AddTo(values);
        }

        var merged = GC.AllocateUninitializedArray<byte>(stored.Length, pinned: true);
        StoredFloats.Write(values, merged, weight.Element);
        return merged;
    }

    /// <summary>All of them, held in memory.</summary>
    public ReplacedWeights InMemory()
    {
        var replaced = new ReplacedWeights();
        try
        {
            foreach (var weight in Weights)
            {
                replaced.Add(weight, Compute(weight));
            }

            return replaced;
        }
        catch
        {
            replaced.Dispose();
            throw;
        }
    }
}
