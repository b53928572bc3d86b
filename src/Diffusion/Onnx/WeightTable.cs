using System.Collections;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using RenderFarm.Diffusion.Models;

namespace RenderFarm.Diffusion.Onnx;

/// <summary>The weights of a network by name. None is held: each is read from its file when it is wanted.</summary>
internal sealed class WeightTable : IReadOnlyCollection<Weight>
{
    private readonly string _folder;
    private readonly Dictionary<string, Weight> _weights;

    public WeightTable(GraphProto graph, string folder)
    {
        _folder = folder;
        _weights = new Dictionary<string, Weight>(graph.Initializer.Count, StringComparer.Ordinal);
        foreach (var tensor in graph.Initializer)
        {
            var weight = new Weight(tensor.Name, (OnnxElement)tensor.DataType, [.. tensor.Dims], ExternalData.Of(tensor, folder), tensor);
            if (!_weights.TryAdd(tensor.Name, weight))
            {
                throw new InvalidDataException($"it has two tensors '{tensor.Name}'");
            }
        }
    }

    /// <summary>The element type that most values have.</summary>
    public OnnxElement Element => _weights.Values
        .GroupBy(weight => weight.Element)
        .OrderByDescending(group => group.Sum(weight => weight.Dims.Aggregate(1.0, (product, size) => product * size)))
        .FirstOrDefault()?.Key ?? OnnxElement.Unknown;

    public int Count => _weights.Count;

    public bool TryFind(string name, [NotNullWhen(true)] out Weight? weight) => _weights.TryGetValue(name, out weight);

    /// <summary>The file that an external weight lies in.</summary>
    public string PathOf(ExternalData data) => Path.Combine(_folder, data.File);

    /// <summary>The weight's values as they are laid out in memory, row by row.</summary>
    public byte[] Read(Weight weight)
    {
        if (weight.Data is not { } data)
        {
            return weight.Tensor switch
            {
                { HasRawData: true } tensor => tensor.RawData.ToByteArray(),
                { FloatData.Count: > 0 } tensor => MemoryMarshal.AsBytes<float>(tensor.FloatData.ToArray()).ToArray(),
                { Int64Data.Count: > 0 } tensor => MemoryMarshal.AsBytes<long>(tensor.Int64Data.ToArray()).ToArray(),

                // Float16 values that are not raw lie in int32_data, one in each.
                { Int32Data.Count: > 0 } tensor => weight.Element is OnnxElement.Float16 or OnnxElement.BFloat16
                    ? MemoryMarshal.AsBytes<ushort>(tensor.Int32Data.Select(value => (ushort)value).ToArray()).ToArray()
                    : MemoryMarshal.AsBytes<int>(tensor.Int32Data.ToArray()).ToArray(),
                _ => [],
            };
        }

        using var file = File.OpenHandle(PathOf(data));
        var bytes = new byte[data.Length];
        for (var (read, at) = (0, 0); at < bytes.Length; at += read)
        {
            read = RandomAccess.Read(file, bytes.AsSpan(at), data.Offset + at);
            if (read == 0)
            {
                throw new EndOfStreamException($"{data.File} ends within the tensor '{weight.Name}'");
            }
        }

        return bytes;
    }

    public IEnumerator<Weight> GetEnumerator() => _weights.Values.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}

/// <summary>A weight: what it is, and the part of a file where its values lie, null where the small tensor holds them itself.</summary>
internal sealed record Weight(string Name, OnnxElement Element, IReadOnlyList<long> Dims, ExternalData? Data, TensorProto Tensor);
