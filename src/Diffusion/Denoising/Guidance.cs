using System.Numerics.Tensors;

namespace RenderFarm.Diffusion.Denoising;

/// <summary>
/// Classifier-free guidance, Ho and Salimans, arXiv:2207.12598: uncond + scale * (cond - uncond); a scale of 1 or less runs no uncond row.
/// Rescale is Lin et al., arXiv:2305.08891, section 3.4: the result's standard deviation is drawn towards cond's.
/// </summary>
internal sealed class Guidance(double scale, double rescale, ReadOnlyMemory<float> conditioning, ReadOnlyMemory<float>? negative)
{
    public int UnetRows => negative is null ? 1 : 2;

    public void WriteConditioning(UnetBatch batch, int firstUnetRow)
    {
        conditioning.Span.CopyTo(batch.Conditioning(firstUnetRow));
        negative?.Span.CopyTo(batch.Conditioning(firstUnetRow + 1));
    }

    public void Combine(UnetBatch batch, int firstUnetRow, Span<float> result)
    {
        var cond = batch.Output(firstUnetRow);
        if (negative is null)
        {
            cond.CopyTo(result);
            return;
        }

        var uncond = batch.Output(firstUnetRow + 1);
        TensorPrimitives.Subtract(cond, uncond, result);
        TensorPrimitives.MultiplyAdd(result, (float)scale, uncond, result);
        if (rescale > 0)
        {
            var share = TensorPrimitives.StdDev(cond) / TensorPrimitives.StdDev<float>(result);
            TensorPrimitives.Multiply(result, (float)((rescale * share) + 1 - rescale), result);
        }
    }
}
