using System.Numerics.Tensors;
using RenderFarm.Diffusion.Noise;
using RenderFarm.Diffusion.Samplers;
using RenderFarm.Diffusion.Schedules;

namespace RenderFarm.Diffusion.Denoising;

/// <summary>One picture on its way: its latent, its schedule, its noise. Knows nothing of the other rows.</summary>
internal sealed class Row
{
    private readonly ISampler _sampler;
    private readonly SamplerState _state;
    private readonly NoiseSchedule _schedule;
    private readonly Guidance _guidance;
    private readonly float[] _denoised;

    public Row(int index, ImageRequest request, ISampler sampler, NoiseSchedule schedule, Guidance guidance, int size)
    {
        Index = index;
        Request = request;
        _sampler = sampler;
        _schedule = schedule;
        _guidance = guidance;
        _denoised = new float[size];
        Latent = new float[size];
        var random = new TorchRandom(request.Seed);
        random.FillNormal(Latent);
        TensorPrimitives.Multiply(Latent, schedule.InitialScale, Latent);
        _state = new SamplerState(size, random, (float)request.Eta);
    }

    /// <summary>Its place in the batch.</summary>
    public int Index { get; }

    public ImageRequest Request { get; }

    /// <summary>x = x0 + sigma * noise at the step that the row is at.</summary>
    public float[] Latent { get; }

    public int Steps => _schedule.Steps;

    public Guidance Guidance => _guidance;

    /// <summary>How many rows of the UNet's batch this picture takes.</summary>
    public int UnetRows => _guidance.UnetRows;

    /// <summary>Writes what the network is to see at step i.</summary>
    public void Prepare(int i, UnetBatch batch, int firstUnetRow)
    {
        var scale = 1 / NoiseSchedule.Deviation(_schedule.Sigmas[i]);
        for (var row = firstUnetRow; row < firstUnetRow + UnetRows; row++)
        {
            TensorPrimitives.Multiply(Latent, scale, batch.Sample(row));
            batch.SetTimestep(row, _schedule.Timesteps[i]);
        }
    }

    /// <summary>Takes the network's answer at step i and goes to the next; false where the latent is no longer finite.</summary>
    public bool Advance(int i, UnetBatch batch, int firstUnetRow, Prediction prediction)
    {
        _guidance.Combine(batch, firstUnetRow, _denoised);
        prediction.ToDenoised(Latent, _schedule.Sigmas[i], _denoised);
        _sampler.Step(_schedule, i, Latent, _denoised, _state);
        return float.IsFinite(TensorPrimitives.Sum(Latent));
    }

    /// <summary>The finished latent at the scale on which the autoencoder was trained.</summary>
    public float[] Finish()
    {
        TensorPrimitives.Divide(Latent, NoiseSchedule.Deviation(_schedule.Sigmas[^1]), Latent);
        return Latent;
    }
}
