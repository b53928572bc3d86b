using Microsoft.ML.OnnxRuntime;
using RenderFarm.Diffusion.Control;
using RenderFarm.Diffusion.Denoising;
using RenderFarm.Diffusion.Images;
using RenderFarm.Diffusion.Lora;
using RenderFarm.Diffusion.Models;
using RenderFarm.Diffusion.Previews;
using RenderFarm.Diffusion.Runtime;
using RenderFarm.Diffusion.Safety;
using RenderFarm.Diffusion.Scoring;
using RenderFarm.Diffusion.Text;

namespace RenderFarm.Diffusion;

/// <summary>The networks of a model: those that every picture needs, loaded at once, and others as soon as a picture asks for them.</summary>
internal sealed class ModelNetworks : IDisposable
{
    private readonly ModelFolder _model;
    private readonly NetworkLoader _loader;
    private readonly LatentDecoder _decoder;
    private readonly ControlNet? _control;
    private LatentDecoder? _seamlessDecoder;
    private LatentEncoder? _encoder;
    private SmallDecoder? _smallDecoder;

    private ModelNetworks(ModelFolder model, NetworkLoader loader, LoraSets styled, LatentDecoder decoder, SafetyChecker? safety, ControlNet? control, BestOf best)
    {
        (_model, _loader) = (model, loader);
        Styled = styled;
        Clock = loader.Clock;
        _decoder = decoder;
        Safety = safety;
        Best = best;
        _control = control;
    }

    /// <summary>The networks that a request's style changes.</summary>
    public LoraSets Styled { get; }

    /// <summary>The time that they ran.</summary>
    public RunClock Clock { get; }

    /// <summary>What looks at every picture, if the model has it and it is wanted.</summary>
    public SafetyChecker? Safety { get; }

    /// <summary>What chooses the best of several pictures.</summary>
    public BestOf Best { get; }

    /// <summary>What makes latents of a picture to start from, which most pipelines never see. Where it cannot be loaded it is tried again the next time.</summary>
    public LatentEncoder Encoder => _encoder ??= new LatentEncoder(_model, _loader.Load(NetworkFiles.VaeEncoder, CancellationToken.None));

    // A tile of a picture without seams has seams: it is decoded whole.
    private LatentDecoder SeamlessDecoder => _seamlessDecoder ??= new LatentDecoder(_model, _loader.Load(NetworkFiles.VaeDecoder, CancellationToken.None, isSeamless: true), tileSide: 0);

    public static ModelNetworks Load(ModelFolder model, NetworkLoader loader, PipelineOptions options, CancellationToken ct)
    {
        List<IDisposable> loaded = [];
        try
        {
            NetworkSession Session(string file)
            {
                var session = loader.Load(file, ct);
                loaded.Add(session);
                return session;
            }

            TextEncoder[] encoders = [.. model.Parts.TextEncoders.Select(parts => new TextEncoder(parts, Session(parts.NetworkFile), options.TextCacheEntries))];
            var control = model.HasControlNet ? new ControlNet(() => loader.Load(NetworkFiles.ControlNet, CancellationToken.None)) : null;
            var plain = new StyledNetworks(encoders, new PromptEncoder(model.Parts, encoders), new Unet(model, Session(NetworkFiles.Unet), control));
            var decoder = new LatentDecoder(model, Session(NetworkFiles.VaeDecoder), options.VaeTileSide);
            var safety = options.SafetyChecker && model.Parts.SafetyChecker is { } checker ? new SafetyChecker(checker, Session(NetworkFiles.SafetyChecker)) : null;
            return new ModelNetworks(model, loader, new LoraSets(model, options, plain, loader), decoder, safety, control, new BestOf(model, options));
        }
        catch
        {
            loaded.ForEach(session => session.Dispose());
            throw;
        }
    }

    public LatentDecoder Decoder(bool isSeamless) => isSeamless ? SeamlessDecoder : _decoder;

    /// <summary>What paints previews: the model's small decoder, else colours that are fitted to its own.</summary>
    public ILatentPainter Painter(RunOptions options, CancellationToken ct)
    {
        if (_model.Parts.PreviewDecoder is not { } parts)
        {
            return LatentColors.Fit(_model, _decoder, options, ct);
        }

        _smallDecoder ??= new SmallDecoder(_model, parts, _loader.Load(parts.NetworkFile, ct));
        return _smallDecoder;
    }

    public void Dispose()
    {
        Styled.Dispose();
        _smallDecoder?.Dispose();
        _decoder.Dispose();
        Safety?.Dispose();
        Best.Dispose();
        _control?.Dispose();
        _seamlessDecoder?.Dispose();
        _encoder?.Dispose();
    }
}
