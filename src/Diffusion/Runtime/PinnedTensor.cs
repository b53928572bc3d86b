using Microsoft.ML.OnnxRuntime;

namespace RenderFarm.Diffusion.Runtime;

/// <summary>A pinned array that ONNX Runtime reads and writes in place.</summary>
internal sealed class PinnedTensor<T> : IDisposable
    where T : unmanaged
{
    private readonly T[] _values;

    public PinnedTensor(params long[] shape)
    {
        _values = GC.AllocateArray<T>(checked((int)shape.Aggregate(1L, (size, dimension) => size * dimension)), pinned: true);
        Value = OrtValue.CreateTensorValueFromMemory(_values, shape);
    }

    public OrtValue Value { get; }

    public Span<T> Span => _values;

    /// <summary>The part that belongs to one row of the first dimension.</summary>
    public Span<T> Row(int row, int rows) => _values.AsSpan(row * (_values.Length / rows), _values.Length / rows);

    public void Dispose() => Value.Dispose();
}
