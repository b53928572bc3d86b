using System.Numerics.Tensors;
using RenderFarm.Diffusion.ImageToImage;
using RenderFarm.Diffusion.Masks;
using RenderFarm.Diffusion.Samplers;
using RenderFarm.Diffusion.Schedules;

namespace RenderFarm.Diffusion.Denoising;

/// <summary>One picture on its way: its sampler's loop and what the network answered. Knows nothing of the other rows.</summary>
internal sealed class Row : IDisposable
{
    private readonly SamplerRun _run;
    private readonly Guidance _guidance;
    private readonly StartingLatent _start;
    private readonly RowInputs _inputs;
    private readonly float[][] _outputs;
    private readonly IEnumerator<Evaluation> _path;
    private int _evaluation;

    public Row(int index, ImageRequest request, ISampler sampler, SamplerRun run, Guidance guidance, StartingLatent start, RowInputs inputs)
    {
        _start = start;
        Index = index;
        Request = request;
        _run = run;
        _guidance = guidance;
        _inputs = inputs;
        _outputs = [.. Enumerable.Range(0, guidance.UnetRows).Select(_ => run.NewBuffer())];
        _path = sampler.Sample(run).GetEnumerator();
        IsActive = _path.MoveNext();
    }

    /// <summary>Its place in the batch.</summary>
    public int Index { get; }

    public ImageRequest Request { get; }

    /// <summary>Whether the sampler waits for an answer.</summary>
    public bool IsActive { get; private set; }

    /// <summary>How many rows of the UNet's batch each evaluation takes.</summary>
    public int UnetRows => _guidance.UnetRows;

    /// <summary>What is asked now.</summary>
    public Evaluation Asked => _path.Current;

    public int StepsLeft => IsActive ? _run.Schedule.Steps - Asked.Step : 0;

    public int Steps => _run.Schedule.Steps - _run.Schedule.Start;

    /// <summary>The way back into the start image, if there is one.</summary>
    public MaskedPicture? Masked => _start.Masked;

    /// <summary>The picture that the network saw last, at the scale of the UNet.</summary>
    public ReadOnlySpan<float> Denoised => _run.Denoised;

    public int TokensOf(int part) => _guidance.ConditioningOf(part, _evaluation).Tokens;

    /// <summary>Writes what the network is to see for one part of the question.</summary>
    public void Ask(int part, UnetBatch batch, int unetRow)
    {
        var sample = batch.Sample(unetRow);
        TensorPrimitives.Multiply(Asked.X, 1 / NoiseSchedule.Deviation(Asked.Sigma), sample);
        _start.MaskChannels.CopyTo(sample[Asked.X.Length..]);
        batch.SetTimestep(unetRow, Asked.Timestep);
        batch.SetConditioning(unetRow, _guidance.ConditioningOf(part, _evaluation));
        _inputs.WriteTo(batch, unetRow, Asked.Step);
    }

    public void Answer(int part, ReadOnlySpan<float> output) => output.CopyTo(_outputs[part]);

    /// <summary>Gives the sampler its answer and lets it go on to its next question; false where the numbers are no longer finite.</summary>
    public bool Advance(Prediction prediction)
    {
        _guidance.Combine(_outputs, _run.Denoised);
        prediction.ToDenoised(Asked.X, Asked.Sigma, _run.Denoised);
        var step = Asked.Step;
        IsActive = _path.MoveNext();
        _evaluation++;
        if (IsActive && Asked.Step > step)
        {
            _start.Blend?.Keep(_run.X, Asked.Sigma);
        }

        return float.IsFinite(TensorPrimitives.Sum<float>(_run.X));
    }

    /// <summary>The finished latent at the scale on which the autoencoder was trained.</summary>
    public float[] Finish()
    {
        if (!_run.Schedule.EndsUnscaled)
        {
            TensorPrimitives.Divide(_run.X, NoiseSchedule.Deviation(_run.Schedule.Sigmas[^1]), _run.X);
        }

        _start.Blend?.Keep(_run.X, sigma: 0);
        return _run.X;
    }

    public void Dispose() => _path.Dispose();
}
