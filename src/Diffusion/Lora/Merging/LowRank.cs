using System.Numerics.Tensors;

namespace RenderFarm.Diffusion.Lora.Merging;

/// <summary>
/// The product of a LoRA's matrices: weight (out x in) += scale * up (out x rank) times down (rank x in); for a convolution
/// "in" is every input channel at every place of the kernel.
/// </summary>
internal static class LowRank
{
    /// <summary>Adds to a weight stored as (out, in).</summary>
    public static void Add(float[] weight, float[] up, float[] down, int rank, float scale)
    {
        var (rows, columns) = (up.Length / rank, down.Length / rank);
        Parallel.For(0, rows, row =>
        {
            var target = weight.AsSpan(row * columns, columns);
            for (var k = 0; k < rank; k++)
            {
                TensorPrimitives.MultiplyAdd(down.AsSpan(k * columns, columns), scale * up[(row * rank) + k], target, target);
            }
        });
    }

    /// <summary>Adds to a weight stored as (in, out): the same product, both matrices transposed and in turn.</summary>
    public static void AddTransposed(float[] weight, float[] up, float[] down, int rank, float scale) =>
        Add(weight, Transpose(down, rank), Transpose(up, up.Length / rank), rank, scale);

    /// <summary>
    /// Down with the kernel of a Tucker-decomposed convolution: (rank x in) and mid (rank x rank x kernel) to (rank x in x kernel).
    /// </summary>
    public static float[] WithMid(float[] down, float[] mid, int rank)
    {
        var (inputs, kernel) = (down.Length / rank, mid.Length / (rank * rank));
        var result = new float[rank * inputs * kernel];
        for (var m = 0; m < rank; m++)
        {
            for (var n = 0; n < rank; n++)
            {
                for (var i = 0; i < inputs; i++)
                {
                    var target = result.AsSpan(((m * inputs) + i) * kernel, kernel);
                    TensorPrimitives.MultiplyAdd(mid.AsSpan(((m * rank) + n) * kernel, kernel), down[(n * inputs) + i], target, target);
                }
            }
        }

        return result;
    }

    private static float[] Transpose(float[] matrix, int rows)
    {
        var columns = matrix.Length / rows;
        var result = new float[matrix.Length];
        for (var row = 0; row < rows; row++)
        {
            for (var column = 0; column < columns; column++)
            {
                result[(column * rows) + row] = matrix[(row * columns) + column];
            }
        }

        return result;
    }
}
