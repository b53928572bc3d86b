using Microsoft.ML.OnnxRuntime;
using RenderFarm.Diffusion;
using RenderFarm.Diffusion.Images;
using RenderFarm.Diffusion.Models;
using RenderFarm.Diffusion.Noise;
using RenderFarm.Diffusion.Runtime;
using RenderFarm.Diffusion.Samplers;
using RenderFarm.Diffusion.Schedules;
using RenderFarm.Diffusion.Text;

namespace RenderFarm.Benchmarks;

/// <summary>The least that a job's pictures take: the same networks with the same session options, run one after the other in a plain loop of DPM++ 2M, and PNG files.</summary>
internal sealed class RawLoop : IDisposable
{
    /// <summary>Pictures that go through the UNet together, as on a worker.</summary>
    public const int BatchSize = 4;

    private const int Channels = 3;

    private readonly ModelFolder _model;
    private readonly float _guidance;
    private readonly int _pixels;
    private readonly InferenceSession _unet;
    private readonly InferenceSession _decoder;
    private readonly NoiseSchedule _schedule;

    // The rows with the prompt come before those without.
    private readonly PinnedTensor<float> _sample;
    private readonly PinnedTensor<float> _timesteps;
    private readonly PinnedTensor<float> _conditioning;
    private readonly PinnedTensor<float> _noise;
    private readonly PinnedTensor<float> _latents;
    private readonly PinnedTensor<float> _pictures;
    private readonly float[] _previous;

    public RawLoop(string folder, ImageRequest request)
    {
        _model = ModelFolder.Open(folder);
        _guidance = (float)request.Guidance;
        _pixels = request.Width * request.Height;
        var device = InferenceDevice.Parse("cpu");
        using (var options = device.CreateSessionOptions(new DeviceSettings(0)))
        {
            _unet = new InferenceSession(Path.Combine(_model.Path, NetworkFiles.Unet), options);
            _decoder = new InferenceSession(Path.Combine(_model.Path, NetworkFiles.VaeDecoder), options);
        }

        _schedule = SamplerTable.Named(request.Sampler).Plan(new ScheduleRequest(new TrainedNoise(_model.Parts.Scheduler), _model.Parts.Scheduler, request.Schedule, request.Steps));
        var (channels, height, width) = (_model.Parts.Vae.LatentChannels, request.Height / _model.LatentFactor, request.Width / _model.LatentFactor);
        _sample = new PinnedTensor<float>(2 * BatchSize, channels, height, width);
        _timesteps = new PinnedTensor<float>(2 * BatchSize);
        _conditioning = new PinnedTensor<float>(2 * BatchSize, _model.Parts.Text.Length, _model.Parts.Text.Width);
        _noise = new PinnedTensor<float>(2 * BatchSize, channels, height, width);
        _latents = new PinnedTensor<float>(BatchSize, channels, height, width);
        _pictures = new PinnedTensor<float>(BatchSize, Channels, request.Height, request.Width);
        _previous = new float[_latents.Span.Length];
        Encode(request, device);
        Size = (request.Width, request.Height);
    }

    private (int Width, int Height) Size { get; }

    /// <summary>Renders pictures of the seeds from 0 into <c>0.png</c>, <c>1.png</c>, ... of a folder.</summary>
    public void Render(int images, string folder)
    {
        using var options = new RunOptions();
        for (var first = 0; first < images; first += BatchSize)
        {
            for (var row = 0; row < BatchSize; row++)
            {
                new TorchRandom(first + row).FillNormal(_latents.Row(row, BatchSize));
            }

            Denoise(options);
            _decoder.Run(options, [NetworkFiles.LatentSample], [_latents.Value], [NetworkFiles.Sample], [_pictures.Value]);
            for (var row = 0; row < BatchSize; row++)
            {
                using var file = File.Create(Path.Combine(folder, $"{first + row}.png"));
                PngWriter.Write(file, ToRgb(_pictures.Row(row, BatchSize)), Size.Width, Size.Height);
            }
        }
    }

    public void Dispose()
    {
        _unet.Dispose();
        _decoder.Dispose();
        PinnedTensor<float>[] tensors = [_sample, _timesteps, _conditioning, _noise, _latents, _pictures];
        foreach (var tensor in tensors)
        {
            tensor.Dispose();
        }
    }

    private void Encode(ImageRequest request, InferenceDevice device)
    {
        using var encoder = new TextEncoder(_model.Parts.TextEncoders[0], new NetworkLoader(_model, device, new DeviceSettings(0)).Load(NetworkFiles.TextEncoder, CancellationToken.None), cacheEntries: 2);
        using var options = new RunOptions();
        for (var row = 0; row < 2 * BatchSize; row++)
        {
            var text = encoder.Encode(_model.Parts.Tokenizer.Encode(row < BatchSize ? request.Prompt : request.NegativePrompt), request.ClipSkip, options, CancellationToken.None);
            text.Hidden.CopyTo(_conditioning.Row(row, 2 * BatchSize));
        }
    }

    private void Denoise(RunOptions options)
    {
        string[] inputs = [NetworkFiles.Sample, NetworkFiles.Timestep, NetworkFiles.Conditioning];
        OrtValue[] values = [_sample.Value, _timesteps.Value, _conditioning.Value];
        var x = _latents.Span;
        var count = _previous.Length;
        foreach (ref var value in x)
        {
            value *= _schedule.InitialScale;
        }

        for (var i = 0; i < _schedule.Steps; i++)
        {
            var scale = 1 / NoiseSchedule.Deviation(_schedule.Sigmas[i]);
            for (var k = 0; k < count; k++)
            {
                _sample.Span[k] = _sample.Span[count + k] = x[k] * scale;
            }

            _timesteps.Span.Fill(_schedule.Timesteps[i]);
            _unet.Run(options, inputs, values, [NetworkFiles.OutSample], [_noise.Value]);
            Step(i);
        }

        foreach (ref var value in x)
        {
            value /= (float)_model.Parts.Vae.ScalingFactor;
        }
    }

    // Lu et al., arXiv:2211.01095, algorithm 2; the first and the last step are of first order.
    private void Step(int i)
    {
        var (from, to) = (_schedule.Sigmas[i], _schedule.Targets[i]);
        var blend = to / from;
        var ahead = i == 0 || i == _schedule.Steps - 1 ? 0 : (float)(Math.Log(from / (double)to) / Math.Log(_schedule.Sigmas[i - 1] / (double)from) / 2);
        var x = _latents.Span;
        var prompted = _noise.Span;
        var unprompted = prompted[_previous.Length..];
        for (var k = 0; k < _previous.Length; k++)
        {
            var noise = unprompted[k] + (_guidance * (prompted[k] - unprompted[k]));
            var denoised = x[k] - (from * noise);
            var target = denoised + (ahead * (denoised - _previous[k]));
            x[k] = (blend * x[k]) + ((1 - blend) * target);
            _previous[k] = denoised;
        }
    }

    private byte[] ToRgb(ReadOnlySpan<float> planes)
    {
        var rgb = new byte[planes.Length];
        for (var k = 0; k < planes.Length; k++)
        {
            rgb[(k % _pixels * Channels) + (k / _pixels)] = (byte)Math.Clamp(MathF.Round((planes[k] + 1) * 127.5f), 0, 255);
        }

        return rgb;
    }
}
