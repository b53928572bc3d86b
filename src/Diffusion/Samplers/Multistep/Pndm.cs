using System.Numerics.Tensors;
using RenderFarm.Diffusion.Denoising;
using RenderFarm.Diffusion.Schedules;

namespace RenderFarm.Diffusion.Samplers.Multistep;

/// <summary>
/// PNDM without its Runge-Kutta start (PLMS): Liu et al., arXiv:2202.09778, section 3.3. The transfer of equation 11 is, on
/// x = x_t / sqrt(alpha_t), Euler's x' = x + (to - from) e, with e' of equation 12 from the network's last outputs:
/// <code>
/// (3 e_0 - e_1) / 2          (23 e_0 - 16 e_1 + 5 e_2) / 12          (55 e_0 - 59 e_1 + 37 e_2 - 9 e_3) / 24
/// </code>
/// The first step is taken twice, the second time with the mean of the outputs at both of its ends; the network is then asked at its
/// end once more. What a network that predicts v gave is combined as v, and turned into noise with the x it is used on,
/// or turned into noise first.
/// </summary>
internal sealed class Pndm(bool combinesNoise = false) : ISampler
{
    private static readonly float[][] Weights =
    [
        [1], [3f / 2, -1f / 2], [23f / 12, -16f / 12, 5f / 12], [55f / 24, -59f / 24, 37f / 24, -9f / 24],
    ];

    public bool TakesEta => false;

    public NoiseSchedule Plan(ScheduleRequest request) =>
        WholePlan.Strided(request, request.Config.SetAlphaToOne == true ? 0 : request.Trained.SmallestSigma);

    public IEnumerable<Evaluation> Sample(SamplerRun run)
    {
        var schedule = run.Schedule;
        var isVelocity = !combinesNoise && Prediction.Of(run.Trained.Config).IsVelocity;
        float[][] outputs = [run.NewBuffer(), run.NewBuffer(), run.NewBuffer(), run.NewBuffer()];
        var (origin, combined) = (run.NewBuffer(), run.NewBuffer());
        for (var i = schedule.Start; i < schedule.Steps; i++)
        {
            // 1. Step with the last outputs.
            yield return schedule.Evaluate(run.X, i);
            var (from, to, next) = (schedule.Sigmas[i], schedule.Targets[i], schedule.Sigmas[i + 1]);
            run.X.CopyTo(origin, 0);
            History.Shift(outputs);
            Output(run, isVelocity, from, outputs[0]);
            Combine(outputs, Weights[Math.Min(i - schedule.Start, Weights.Length - 1)], combined);
            Step(run.X, combined, isVelocity, from, to);
            LinearStep.Reread(run.X, to, next);
            if (i > schedule.Start || i == schedule.Steps - 1)
            {
                continue;
            }

            // 2. The first step again, to exactly where the second begins.
            yield return new Evaluation(run.X, next, schedule.Timesteps[i + 1], i);
            Output(run, isVelocity, next, combined);
            TensorPrimitives.Add(combined, outputs[0], combined);
            TensorPrimitives.Multiply(combined, 0.5f, combined);
            var start = to == next ? from : (float)run.Trained.SigmaAt(schedule.Timesteps[i + 1] + WholePlan.Stride(run.Trained, schedule.Steps));
            origin.CopyTo(run.X, 0);
            LinearStep.Reread(run.X, from, start);
            Step(run.X, combined, isVelocity, start, next);
        }
    }

    /// <summary>What the network itself gave: e = (x - x0) / sigma, or v = (x / (sigma^2 + 1) - x0) sqrt(sigma^2 + 1) / sigma.</summary>
    private static void Output(SamplerRun run, bool isVelocity, float sigma, Span<float> output)
    {
        if (!isVelocity)
        {
            LinearStep.Slope(run.X, run.Denoised, sigma, output);
            return;
        }

        var deviation = NoiseSchedule.Deviation(sigma);
        TensorPrimitives.Divide(run.X, deviation * deviation, output);
        TensorPrimitives.Subtract(output, run.Denoised, output);
        TensorPrimitives.Multiply(output, deviation / sigma, output);
    }

    private static void Combine(float[][] outputs, float[] weights, Span<float> combined)
    {
        TensorPrimitives.Multiply(outputs[0], weights[0], combined);
        for (var k = 1; k < weights.Length; k++)
        {
            LinearStep.Add(combined, outputs[k], weights[k]);
        }
    }

    /// <summary>x + (to - from) e, where e = v / sqrt(from^2 + 1) + x from / (from^2 + 1) if the network predicts v.</summary>
    private static void Step(Span<float> x, ReadOnlySpan<float> output, bool isVelocity, float from, float to)
    {
        var step = (double)to - from;
        if (isVelocity)
        {
            var variance = ((double)from * from) + 1;
            TensorPrimitives.Multiply(x, (float)(1 + (step * from / variance)), x);
            step /= Math.Sqrt(variance);
        }

        LinearStep.Add(x, output, step);
    }
}
