using System.Numerics.Tensors;
using RenderFarm.Diffusion.Text;

namespace RenderFarm.Diffusion.Denoising;

/// <summary>
/// Classifier-free guidance, Ho and Salimans, arXiv:2207.12598, over one or more prompts with weights (composable diffusion, Liu et al.,
/// arXiv:2206.01714): uncond + scale * sum of weight * (cond - uncond). Without a negative conditioning there is one prompt and its output is the answer.
/// Rescale is Lin et al., arXiv:2305.08891, section 3.4: the result's standard deviation is drawn towards cond's.
/// </summary>
internal sealed class Guidance(
    double scale,
    double rescale,
    IReadOnlyList<(ConditioningSchedule Conditioning, double Weight)> prompts,
    ConditioningSchedule? negative)
{
    /// <summary>How many rows of the UNet one evaluation takes: the prompts, then the negative one.</summary>
    public int UnetRows => prompts.Count + (negative is null ? 0 : 1);

    /// <summary>What one row is told at an evaluation, counted from 0 over all steps: a sampler may take two a step.</summary>
    public Conditioning ConditioningOf(int part, int evaluation) => (part < prompts.Count ? prompts[part].Conditioning : negative!).At(evaluation);

    /// <summary>One answer from the outputs of all rows.</summary>
    public void Combine(float[][] outputs, Span<float> result)
    {
        if (negative is null)
        {
            outputs[0].CopyTo(result);
            return;
        }

        ReadOnlySpan<float> uncond = outputs[^1];
        if (prompts.Count == 1)
        {
            TensorPrimitives.Subtract(outputs[0], uncond, result);
            TensorPrimitives.MultiplyAdd(result, (float)(scale * prompts[0].Weight), uncond, result);
        }
        else
        {
            var weights = 0.0;
            uncond.CopyTo(result);
            for (var i = 0; i < prompts.Count; i++)
            {
                var weight = scale * prompts[i].Weight;
                TensorPrimitives.MultiplyAdd(outputs[i], (float)weight, result, result);
                weights += weight;
            }

            TensorPrimitives.MultiplyAdd(uncond, (float)-weights, result, result);
        }

        if (rescale > 0)
        {
            var share = TensorPrimitives.StdDev<float>(outputs[0]) / TensorPrimitives.StdDev<float>(result);
            TensorPrimitives.Multiply(result, (float)((rescale * share) + 1 - rescale), result);
        }
    }
}
