namespace RenderFarm.Diffusion.Weights;

/// <summary>The element types of .safetensors files whose elements are whole bytes.</summary>
internal enum TensorElement
{
    Bool,
    U8,
    I8,
    F8E4M3,
    F8E5M2,
    I16,
    U16,
    F16,
    BF16,
    I32,
    U32,
    F32,
    F64,
    I64,
    U64,
}

/// <summary>The element types' names in the file and their sizes.</summary>
internal static class TensorElements
{
    private static readonly Dictionary<string, TensorElement> ByName = new(StringComparer.Ordinal)
    {
        ["BOOL"] = TensorElement.Bool,
        ["U8"] = TensorElement.U8,
        ["I8"] = TensorElement.I8,
        ["F8_E4M3"] = TensorElement.F8E4M3,
        ["F8_E5M2"] = TensorElement.F8E5M2,
        ["I16"] = TensorElement.I16,
        ["U16"] = TensorElement.U16,
        ["F16"] = TensorElement.F16,
        ["BF16"] = TensorElement.BF16,
        ["I32"] = TensorElement.I32,
        ["U32"] = TensorElement.U32,
        ["F32"] = TensorElement.F32,
        ["F64"] = TensorElement.F64,
        ["I64"] = TensorElement.I64,
        ["U64"] = TensorElement.U64,
    };

    public static IReadOnlyCollection<string> Names => ByName.Keys;

    public static TensorElement? Named(string? name) => name is not null && ByName.TryGetValue(name, out var element) ? element : null;

    public static string NameOf(TensorElement element) => ByName.First(named => named.Value == element).Key;

    public static int Bytes(this TensorElement element) => element switch
    {
        <= TensorElement.F8E5M2 => 1,
        <= TensorElement.BF16 => 2,
        <= TensorElement.F32 => 4,
        _ => 8,
    };
}
