using Microsoft.ML.OnnxRuntime;
using RenderFarm.Diffusion.Denoising;
using RenderFarm.Diffusion.ImageToImage;
using RenderFarm.Diffusion.Images;
using RenderFarm.Diffusion.Models;
using RenderFarm.Diffusion.Noise;
using RenderFarm.Diffusion.Runtime;
using RenderFarm.Diffusion.Samplers;
using RenderFarm.Diffusion.Schedules;
using RenderFarm.Diffusion.Text;

namespace RenderFarm.Diffusion;

/// <summary>A model loaded on a device. Renders one batch at a time; further callers wait.</summary>
public sealed class DiffusionPipeline : IDisposable
{
    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly PromptEncoder _text;
    private readonly Unet _unet;
    private readonly LatentDecoder _decoder;
    private readonly Lazy<LatentEncoder> _encoder;
    private readonly StartingLatents _starts;
    private readonly TrainedNoise _trained;

    private DiffusionPipeline(ModelFolder model, PromptEncoder text, Unet unet, LatentDecoder decoder, Lazy<LatentEncoder> encoder)
    {
        Model = model;
        _text = text;
        _unet = unet;
        _decoder = decoder;
        _encoder = encoder;
        _starts = new StartingLatents(model, () => encoder.Value);
        _trained = new TrainedNoise(model.Parts.Scheduler);
    }

    /// <summary>What is loaded.</summary>
    public ModelFolder Model { get; }

    /// <summary>What the weights take on the device, estimated from their files.</summary>
    public long MemoryBytes => Model.WeightBytes;

    internal long TextEncoderRuns => _text.Runs;

    /// <summary>Checks a model folder and loads its networks.</summary>
    /// <exception cref="ModelFolderException">The folder cannot be used; says everything that is wrong with it.</exception>
    /// <exception cref="DeviceException">The device is unknown or not there.</exception>
    public static DiffusionPipeline Load(string folder, PipelineOptions? options = null, CancellationToken ct = default)
    {
        options ??= new PipelineOptions();
        var device = InferenceDevice.Parse(options.Device);
        var threads = options.Threads > 0 ? options.Threads : Environment.ProcessorCount;
        var model = ModelFolder.Open(folder, options.VerifyDigest, ct);
        List<IDisposable> loaded = [];
        try
        {
            NetworkSession Session(string file)
            {
                var session = NetworkSession.Load(model, file, device, threads, ct);
                loaded.Add(session);
                return session;
            }

            var text = new PromptEncoder(
                model.Parts,
                [.. model.Parts.TextEncoders.Select(parts => new TextEncoder(parts, Session(parts.NetworkFile), options.TextCacheEntries))]);
            var unet = new Unet(model, Session(NetworkFiles.Unet));
            var decoder = new LatentDecoder(model, Session(NetworkFiles.VaeDecoder));

            // Most pipelines never see a picture to start from.
            var encoder = new Lazy<LatentEncoder>(() => new LatentEncoder(model, NetworkSession.Load(model, NetworkFiles.VaeEncoder, device, threads, CancellationToken.None)));
            return new DiffusionPipeline(model, text, unet, decoder, encoder);
        }
        catch
        {
            loaded.ForEach(session => session.Dispose());
            throw;
        }
    }

    /// <summary>Whether two requests may go in one batch.</summary>
    public bool CanShareBatch(ImageRequest a, ImageRequest b) =>
        RequestRules.CanShareBatch(RequestRules.WithSize(a, Model), RequestRules.WithSize(b, Model), Model);

    /// <summary>Throws <see cref="RenderRequestException"/> where this model cannot render the request.</summary>
    public void Check(ImageRequest request) => RequestRules.Check(RequestRules.WithSize(request, Model), Model);

    /// <summary>Renders the requests together; each picture is the same as it would be alone.</summary>
    /// <exception cref="RenderRequestException">A request asks for what the model cannot do, or does not fit its batch.</exception>
    /// <exception cref="NonFiniteLatentsException">The network's numbers overflowed.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled; it ends a running network.</exception>
    public IReadOnlyList<RenderedImage> Render(
        IReadOnlyList<ImageRequest> batch,
        IProgress<StepProgress>? progress = null,
        CancellationToken ct = default)
    {
        // 1. Check the requests.
        var requests = batch.Select(request => RequestRules.WithSize(request, Model)).ToArray();
        RequestRules.CheckBatch(requests, Model);
        var (width, height) = (requests[0].Width, requests[0].Height);

        _turn.Wait(ct);
        try
        {
            using var options = new RunOptions();
            using var cancel = ct.Register(() => options.Terminate = true);

            // 2. Encode the prompts, draw the noise.
            var rows = requests.Select((request, i) => NewRow(i, request, options, ct)).ToArray();

            // 3. Denoise.
            using var loop = new DenoisingLoop(_unet, Prediction.Of(Model.Parts.Scheduler), height / Model.LatentFactor, width / Model.LatentFactor, rows);
            loop.Run(options, progress, ct);

            // 4. Decode.
            return [.. rows.Select(row =>
            {
                var latent = row.Finish();
                return new RenderedImage(row.Request, width, height, _decoder.Decode(latent, height, width, options, ct), latent);
            })];
        }
        finally
        {
            _turn.Release();
        }
    }

    public void Dispose()
    {
        _text.Dispose();
        _unet.Dispose();
        _decoder.Dispose();
        if (_encoder.IsValueCreated)
        {
            _encoder.Value.Dispose();
        }

        _turn.Dispose();
    }

    private Row NewRow(int index, ImageRequest request, RunOptions options, CancellationToken ct)
    {
        // A consistency model is told the guidance instead of being asked twice.
        var isGuided = request.Guidance > 1 && !Model.Parts.Family.IsConsistencyModel;
        var prompt = ConditioningSchedule.Always(_text.Encode(request.Prompt, request.Prompt2, request.ClipSkip, options, ct));
        var negative = isGuided
            ? ConditioningSchedule.Always(_text.EncodeNegative(request.NegativePrompt, request.NegativePrompt2, options, ct))
            : null;
        var guidance = new Guidance(request.Guidance, request.GuidanceRescale, [(prompt, 1)], negative);

        var sampler = SamplerTable.Named(request.Sampler);
        var schedule = sampler.Plan(new ScheduleRequest(_trained, Model.Parts.Scheduler, request.Schedule, request.Steps, Model.Parts.Family.IsXl));

        var noise = new TorchRandom(request.Seed);
        var start = _starts.Of(request, schedule, noise, options, ct);
        var eta = (float)(request.Eta ?? sampler.DefaultEta);
        var run = new SamplerRun(_trained, start.Schedule, start.X, noise, new SamplerOptions { Eta = eta });
        return new Row(index, request, sampler, run, guidance, start, UnetInput.Of(request, Model.Parts));
    }
}
