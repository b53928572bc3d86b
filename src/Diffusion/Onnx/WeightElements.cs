using RenderFarm.Diffusion.Models;

namespace RenderFarm.Diffusion.Onnx;

/// <summary>How many bytes a tensor's values take.</summary>
internal static class WeightElements
{
    /// <summary>Null where the element type has no fixed size or the dimensions are none.</summary>
    public static long? BytesOf(TensorProto tensor)
    {
        var bits = (OnnxElement)tensor.DataType switch
        {
            OnnxElement.Float32 or OnnxElement.Int32 or OnnxElement.UInt32 => 32,
            OnnxElement.Float64 or OnnxElement.Int64 or OnnxElement.UInt64 or OnnxElement.Complex64 => 64,
            OnnxElement.Float16 or OnnxElement.BFloat16 or OnnxElement.Int16 or OnnxElement.UInt16 => 16,
            OnnxElement.Int8 or OnnxElement.UInt8 or OnnxElement.Bool => 8,
            OnnxElement.Complex128 => 128,
            _ => (int?)null,
        };
        var count = 1L;
        foreach (var size in tensor.Dims)
        {
            // A product that overflows is larger than any file.
            count = size < 0 ? throw new InvalidDataException($"the tensor '{tensor.Name}' has the size {size}")
                : size > 0 && count > long.MaxValue / 16 / size ? throw new InvalidDataException($"the tensor '{tensor.Name}' of {tensor.Dims} is too large")
                : count * size;
        }

        return count * bits / 8;
    }
}
