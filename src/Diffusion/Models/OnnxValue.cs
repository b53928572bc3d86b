using System.Globalization;

namespace RenderFarm.Diffusion.Models;

/// <summary>An input or output: a dimension of -1 is free, a shape of null is not stated.</summary>
internal sealed record OnnxValue(string Name, OnnxElement Element, IReadOnlyList<long>? Shape)
{
    public override string ToString() =>
        $"{Name} ({Element} [{string.Join(", ", (Shape ?? []).Select(size => size < 0 ? "?" : size.ToString(CultureInfo.InvariantCulture)))}])";
}

/// <summary>The element types of TensorProto.DataType that have a fixed size.</summary>
internal enum OnnxElement
{
    Unknown = 0,
    Float32 = 1,
    UInt8 = 2,
    Int8 = 3,
    UInt16 = 4,
    Int16 = 5,
    Int32 = 6,
    Int64 = 7,
    Bool = 9,
    Float16 = 10,
    Float64 = 11,
    UInt32 = 12,
    UInt64 = 13,
    Complex64 = 14,
    Complex128 = 15,
    BFloat16 = 16,
}
