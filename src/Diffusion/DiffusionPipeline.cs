using Microsoft.ML.OnnxRuntime;
using RenderFarm.Diffusion.Denoising;
using RenderFarm.Diffusion.Hires;
using RenderFarm.Diffusion.Images;
using RenderFarm.Diffusion.ImageToImage;
using RenderFarm.Diffusion.Lora;
using RenderFarm.Diffusion.Models;
using RenderFarm.Diffusion.Models.Reading;
using RenderFarm.Diffusion.Previews;
using RenderFarm.Diffusion.Prompts;
using RenderFarm.Diffusion.Runtime;
using RenderFarm.Diffusion.Text;
using RenderFarm.Diffusion.Weights;

namespace RenderFarm.Diffusion;

/// <summary>A model loaded on a device. Renders one batch at a time; further callers wait.</summary>
public sealed class DiffusionPipeline : IDisposable
{
    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly ModelNetworks _networks;
    private readonly RowMaker _rows;
    private readonly Enlargement _enlargement;
    private ILatentPainter? _painter;

    internal DiffusionPipeline(ModelFolder model, ModelNetworks networks)
    {
        Model = model;
        _networks = networks;
        var starts = new StartingLatents(model, () => networks.Encoder);
        _rows = new RowMaker(model, starts);
        _enlargement = new Enlargement(model, starts);
    }

    /// <summary>What is loaded.</summary>
    public ModelFolder Model { get; }

    /// <summary>What the weights take on the device, estimated from their files.</summary>
    public long MemoryBytes => Model.WeightBytes;

    internal long TextEncoderRuns => _networks.Styled.TextEncoderRuns;

    internal long UnetRows => _networks.Styled.UnetRows;

    /// <summary>The time that the networks ran.</summary>
    internal TimeSpan InNetworks => _networks.Clock.Elapsed;

    /// <summary>Checks a model folder or a checkpoint and loads its networks.</summary>
    /// <exception cref="ModelFolderException">It cannot be used; says everything that is wrong with it.</exception>
    /// <exception cref="DeviceException">The device is unknown or not there.</exception>
    public static DiffusionPipeline Load(string folder, PipelineOptions? options = null, CancellationToken ct = default)
    {
        options ??= new PipelineOptions();
        options.Check();
        _ = InferenceDevice.Parse(options.Device);
        return Load(ModelFolder.Open(folder, options.VerifyDigest, options.CacheFolder, ct), options, ct);
    }

    /// <summary>Loads the networks of a model that was read.</summary>
    internal static DiffusionPipeline Load(ModelFolder model, PipelineOptions options, CancellationToken ct = default)
    {
        if (options.VaeFolder is { } vae)
        {
            model = OtherVae.Of(model, vae, options.VerifyDigest, new FileHashes(options.CacheFolder), ct);
        }

        var loader = new NetworkLoader(model, InferenceDevice.Parse(options.Device), DeviceSettings.Of(options));
        return new DiffusionPipeline(model, ModelNetworks.Load(model, loader, options, ct));
    }

    /// <summary>Whether two requests may go in one batch.</summary>
    public bool CanShareBatch(ImageRequest a, ImageRequest b) =>
        RequestRules.CanShareBatch(RequestRules.WithSize(a, Model), RequestRules.WithSize(b, Model), Model);

    /// <summary>Throws <see cref="RenderRequestException"/> where this model cannot render the request.</summary>
    public void Check(ImageRequest request)
    {
        RequestRules.Check(RequestRules.WithSize(request, Model), Model);
        _networks.Styled.Check(ExtraNetworks.LorasOf(request));
        _networks.Best.Check(request);
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
        var requests = batch.Select(request => RequestRules.WithSize(request, Model)).ToArray();
        RequestRules.CheckBatch(requests, Model);
        Array.ForEach(requests, _networks.Best.Check);
        return requests.All(request => request.BestOf == 1)
            ? RenderTogether(requests, progress, previews, ct)
            : _networks.Best.Render(requests, RenderTogether, progress, previews, ct);
    }

    public void Dispose()
    {
        _networks.Dispose();
        _turn.Dispose();
    }

    private IReadOnlyList<RenderedImage> RenderTogether(
        IReadOnlyList<ImageRequest> requests,
        IProgress<StepProgress>? progress,
        PreviewOptions? previews,
        CancellationToken ct)
    {
        _turn.Wait(ct);
        try
        {
            using var options = new RunOptions();
            using var cancel = ct.Register(() => options.Terminate = true);

            // 1. Encode the prompts, draw the noise.
            var networks = _networks.Styled.With(ExtraNetworks.LorasOf(requests[0]), requests[0].Tiling, ct);
            var decoder = _networks.Decoder(requests[0].Tiling);
            var rows = requests.Select((request, i) => _rows.Make(i, request, networks.Text, options, ct)).ToArray();

            // 2. Denoise.
            var painter = previews is null ? null : new PreviewPainter(previews, _painter ??= _networks.Painter(options, ct), options, ct);
            var steps = rows.Max(row => row.Steps) + requests.Max(request => request.Hires is null ? 0 : SecondPass.Walked(request));
            var reports = new RenderProgress(steps, progress, painter);
            reports.Begin();
            Denoise(networks.Unet, rows, reports, options, ct);
            var pictures = rows.Select(row => (Row: row, Latent: row.Finish())).ToArray();

            // 3. Enlarge and denoise again what has a second pass.
            var second = pictures.Where(picture => picture.Row.Request.Hires is not null)
                .Select(picture => MakeSecond(picture.Row, picture.Latent, networks.Text, decoder, options, ct)).ToArray();
            if (second.Length > 0)
            {
                Denoise(networks.Unet, second, reports, options, ct);
                foreach (var row in second)
                {
                    pictures[row.Index] = (row, row.Finish());
                }
            }

            // 4. Decode.
            RenderedImage[] rendered = [.. pictures.Select(picture => Decode(requests[picture.Row.Index], picture.Row, picture.Latent, decoder, options, ct))];
            Array.ForEach(rendered, picture => picture.LoraHashes = networks.LoraHashes);
            return rendered;
        }
        finally
        {
            _turn.Release();
        }
    }

    private void Denoise(Unet unet, Row[] rows, RenderProgress progress, RunOptions options, CancellationToken ct)
    {
        var (height, width) = (rows[0].Request.Height / Model.LatentFactor, rows[0].Request.Width / Model.LatentFactor);
        using var loop = new DenoisingLoop(unet, Prediction.Of(Model.Parts.Scheduler), height, width, rows);
        loop.Run(options, progress, ct);
    }

    private Row MakeSecond(Row first, float[] latent, PromptEncoder text, LatentDecoder decoder, RunOptions options, CancellationToken ct)
    {
        var request = SecondPass.Of(first.Request);
        var enlarged = OfRow(first, () => _enlargement.Of(latent, first.Request, request, decoder, options, ct));
        var walked = SecondPass.Walked(first.Request);
        return _rows.MakeSecond(first.Index, request, text, PromptPass.Second(first.Request, request, walked), walked, enlarged, options, ct);
    }

    private static T OfRow<T>(Row row, Func<T> decode)
    {
        try
        {
            return decode();
        }
        catch (NotFiniteNumberException exception)
        {
            throw NonFiniteLatentsException.OfPicture(row.Index, row.Request, exception);
        }
    }

    private RenderedImage Decode(ImageRequest request, Row row, float[] latent, LatentDecoder decoder, RunOptions options, CancellationToken ct)
    {
        var (width, height) = (row.Request.Width, row.Request.Height);
        var drawn = new InputImage(width, height, OfRow(row, () => decoder.Decode(latent, height, width, options, ct)));
        var whole = row.Masked is { } masked ? masked.PasteBack(drawn) : drawn;
        if (_networks.Safety?.Flags(whole.Rgb.Span, whole.Width, whole.Height, options, ct) == true)
        {
            // Nothing of it goes out.
            return new RenderedImage(request, whole.Width, whole.Height, new byte[whole.Rgb.Length], new float[latent.Length], isFlagged: true);
        }

        return new RenderedImage(request, whole.Width, whole.Height, whole.Rgb, latent);
    }
}
