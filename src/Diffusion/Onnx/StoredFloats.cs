using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using RenderFarm.Diffusion.Models;

namespace RenderFarm.Diffusion.Onnx;

/// <summary>Floats in the precisions that networks store them in.</summary>
internal static class StoredFloats
{
    private const int Dropped = 16;

    /// <summary>Whether values of this type can be read and written.</summary>
    public static bool Has(OnnxElement element) => element is OnnxElement.Float32 or OnnxElement.Float16 or OnnxElement.BFloat16;

    public static float[] Read(ReadOnlySpan<byte> stored, OnnxElement element)
    {
        if (element == OnnxElement.Float32)
        {
            return MemoryMarshal.Cast<byte, float>(stored).ToArray();
        }

        var values = new float[stored.Length / sizeof(ushort)];
        if (element == OnnxElement.Float16)
        {
            TensorPrimitives.ConvertToSingle(MemoryMarshal.Cast<byte, Half>(stored), values);
            return values;
        }

        // The upper half of a 32-bit float.
        var halves = MemoryMarshal.Cast<byte, ushort>(stored);
        for (var i = 0; i < halves.Length; i++)
        {
            values[i] = BitConverter.UInt32BitsToSingle((uint)halves[i] << Dropped);
        }

        return values;
    }

    public static void Write(ReadOnlySpan<float> values, Span<byte> stored, OnnxElement element)
    {
        switch (element)
        {
            case OnnxElement.Float32:
                MemoryMarshal.AsBytes(values).CopyTo(stored);
                break;
            case OnnxElement.Float16:
                TensorPrimitives.ConvertToHalf(values, MemoryMarshal.Cast<byte, Half>(stored));
                break;
            default:
                var halves = MemoryMarshal.Cast<byte, ushort>(stored);
                for (var i = 0; i < halves.Length; i++)
                {
                    halves[i] = Nearest(values[i]);
                }

                break;
        }
    }

    /// <summary>Rounded to the nearest, of two the even one.</summary>
    private static ushort Nearest(float value)
    {
        var bits = BitConverter.SingleToUInt32Bits(value);
        return float.IsNaN(value) ? (ushort)((bits >> Dropped) | 1) : (ushort)((bits + 0x7fff + ((bits >> Dropped) & 1)) >> Dropped);
    }
}
