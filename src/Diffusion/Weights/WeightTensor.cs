namespace RenderFarm.Diffusion.Weights;

/// <summary>Where a tensor lies: its bytes are [Offset, Offset + ByteCount) of the file, row by row, little-endian.</summary>
internal sealed record WeightTensor(string Name, TensorElement Element, IReadOnlyList<long> Shape, long Offset, long ByteCount)
{
    public long Count => ByteCount / Element.Bytes();
}
