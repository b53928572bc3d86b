using RenderFarm.Diffusion.Tokenization;

namespace RenderFarm.Diffusion.Models;

/// <summary>What the configs and networks of a folder say, as far as rendering needs it.</summary>
internal sealed record ModelParts(
    SchedulerConfig Scheduler,
    ClipTokenizer Tokenizer,
    TextConfig Text,
    UnetConfig Unet,
    VaeConfig Vae,
    OnnxSignature TextNetwork,
    OnnxSignature UnetNetwork)
{
    public OnnxValue Timestep => UnetNetwork.Input(NetworkFiles.Timestep)!;

    public OnnxValue InputIds => TextNetwork.Input(NetworkFiles.InputIds)!;

    /// <summary>How many layers may be left out before one has no output of its own.</summary>
    public int MaxClipSkip => Enumerable.Range(1, Text.Layers - 1)
        .TakeWhile(skip => TextNetwork.Output(NetworkFiles.NormedHiddenState(Text.Layers - skip)) is not null)
        .LastOrDefault();
}

/// <summary>The text encoder's size: layers, tokens and values per token.</summary>
internal sealed record TextConfig(int Layers, int Length, int Width)
{
    public static TextConfig? Read(ProblemList problems) => ModelJson.Read("text_encoder/config.json", problems) is { } json
        ? new(json.PositiveInteger("num_hidden_layers"), json.PositiveInteger("max_position_embeddings"), json.PositiveInteger("hidden_size"))
        : null;
}

/// <summary>The UNet's size: channels, levels of halving plus one, and the latent side it was trained on.</summary>
internal sealed record UnetConfig(int InChannels, int Levels, int SampleSize)
{
    public static UnetConfig? Read(ProblemList problems) => ModelJson.Read("unet/config.json", problems) is { } json
        ? new(json.PositiveInteger("in_channels"), json.ArrayLength("block_out_channels"), json.PositiveInteger("sample_size"))
        : null;
}

/// <summary>The autoencoder's latents: channels, pixels per value, and the scale they were trained at.</summary>
internal sealed record VaeConfig(int LatentChannels, int Factor, double ScalingFactor)
{
    private const double StableDiffusionScale = 0.18215;

    // Every level of the autoencoder but the last halves the picture.
    public static VaeConfig? Read(ProblemList problems) => ModelJson.Read("vae_decoder/config.json", problems) is { } json
        ? new(json.PositiveInteger("latent_channels"), 1 << (json.ArrayLength("block_out_channels") - 1), json.Number("scaling_factor", StableDiffusionScale))
        : null;
}
