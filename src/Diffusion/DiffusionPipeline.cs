using Microsoft.ML.OnnxRuntime;
using RenderFarm.Diffusion.Denoising;
using RenderFarm.Diffusion.Images;
using RenderFarm.Diffusion.ImageToImage;
using RenderFarm.Diffusion.Lora;
using RenderFarm.Diffusion.Models;
using RenderFarm.Diffusion.Previews;
using RenderFarm.Diffusion.Runtime;
using RenderFarm.Diffusion.Weights;

namespace RenderFarm.Diffusion;

/// <summary>A model loaded on a device. Renders one batch at a time; further callers wait.</summary>
public sealed class DiffusionPipeline : IDisposable
{
    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly ModelNetworks _networks;
    private readonly RowMaker _rows;
    private LatentColors? _colors;

    internal DiffusionPipeline(ModelFolder model, ModelNetworks networks)
    {
        Model = model;
        _networks = networks;
        _rows = new RowMaker(model, new StartingLatents(model, () => networks.Encoder));
    }

    /// <summary>What is loaded.</summary>
    public ModelFolder Model { get; }

    /// <summary>What the weights take on the device, estimated from their files.</summary>
    public long MemoryBytes => Model.WeightBytes;

    internal long TextEncoderRuns => _networks.Styled.TextEncoderRuns;

    internal long UnetRows => _networks.Styled.UnetRows;

    /// <summary>Checks a model folder and loads its networks.</summary>
    /// <exception cref="ModelFolderException">The folder cannot be used; says everything that is wrong with it.</exception>
    /// <exception cref="DeviceException">The device is unknown or not there.</exception>
    public static DiffusionPipeline Load(string folder, PipelineOptions? options = null, CancellationToken ct = default)
    {
        options ??= new PipelineOptions();
        options.Check();
        var device = InferenceDevice.Parse(options.Device);
        var threads = options.Threads > 0 ? options.Threads : Environment.ProcessorCount;
        var model = ModelFolder.Open(folder, options.VerifyDigest, ct);
        if (options.VaeFolder is { } vae)
        {
            model = OtherVae.Of(model, vae, options.VerifyDigest, ct);
        }

        var loader = new NetworkLoader(model, device, threads, options.CacheFolder);
        return new DiffusionPipeline(model, ModelNetworks.Load(model, loader, options, ct));
    }

    /// <summary>Whether two requests may go in one batch.</summary>
    public bool CanShareBatch(ImageRequest a, ImageRequest b) =>
        RequestRules.CanShareBatch(RequestRules.WithSize(a, Model), RequestRules.WithSize(b, Model), Model);

    /// <summary>Throws <see cref="RenderRequestException"/> where this model cannot render the request.</summary>
    public void Check(ImageRequest request)
    {
        RequestRules.Check(RequestRules.WithSize(request, Model), Model);
        _networks.Styled.Check(request.Loras);
    }

    /// <summary>Renders the requests together; each picture is the same as it would be alone.</summary>
    /// <exception cref="RenderRequestException">A request asks for what the model cannot do, or does not fit its batch.</exception>
    /// <exception cref="LoraException">A LoRA does not fit the model.</exception>
    /// <exception cref="WeightFileException">A LoRA's file is not sound.</exception>
    /// <exception cref="NonFiniteLatentsException">The network's numbers overflowed.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled; it ends a running network.</exception>
    public IReadOnlyList<RenderedImage> Render(
        IReadOnlyList<ImageRequest> batch,
        IProgress<StepProgress>? progress = null,
        PreviewOptions? previews = null,
        CancellationToken ct = default)
    {
        // 1. Check the requests.
        var requests = batch.Select(request => RequestRules.WithSize(request, Model)).ToArray();
        RequestRules.CheckBatch(requests, Model);
        var (width, height, isSeamless) = (requests[0].Width, requests[0].Height, requests[0].Tiling);

        _turn.Wait(ct);
        try
        {
            using var options = new RunOptions();
            using var cancel = ct.Register(() => options.Terminate = true);

            // 2. Encode the prompts, draw the noise.
            var networks = _networks.Styled.With(requests[0].Loras, isSeamless, ct);
            var rows = requests.Select((request, i) => _rows.Make(i, request, networks.Text, options, ct)).ToArray();

            // 3. Denoise.
            var (latentHeight, latentWidth) = (height / Model.LatentFactor, width / Model.LatentFactor);
            var painter = previews is null
                ? null
                : new PreviewPainter(previews, _colors ??= LatentColors.Fit(Model, _networks.Decoder(isSeamless: false), options, ct), latentHeight, latentWidth);
            using var loop = new DenoisingLoop(networks.Unet, Prediction.Of(Model.Parts.Scheduler), latentHeight, latentWidth, rows);
            loop.Run(options, new RenderProgress(rows.Max(row => row.Steps), progress, painter), ct);

            // 4. Decode.
            var decoder = _networks.Decoder(isSeamless);
            return [.. rows.Select(row => Decode(decoder, row, width, height, options, ct))];
        }
        finally
        {
            _turn.Release();
        }
    }

    public void Dispose()
    {
        _networks.Dispose();
        _turn.Dispose();
    }

    private static RenderedImage Decode(LatentDecoder decoder, Row row, int width, int height, RunOptions options, CancellationToken ct)
    {
        var latent = row.Finish();
        var rgb = decoder.Decode(latent, height, width, options, ct);
        return new RenderedImage(row.Request, width, height, rgb, latent);
    }
}
