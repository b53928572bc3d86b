using System.Text.Json;
using RenderFarm.Diffusion.Models.Reading;
using RenderFarm.Diffusion.Tokenization;

namespace RenderFarm.Diffusion.Models;

/// <summary>What the configs and networks of a folder say, as far as rendering needs it.</summary>
internal sealed record ModelParts(
    ModelFamily Family,
    SchedulerConfig Scheduler,
    IReadOnlyList<TextParts> TextEncoders,
    UnetConfig Unet,
    VaeConfig Vae,
    OnnxSignature UnetNetwork,
    OnnxSignature DecoderNetwork,
    OnnxSignature? EncoderNetwork)
{
    /// <summary>Whether an empty negative prompt is all zeros instead of its encoding, as SDXL was trained.</summary>
    public bool EmptyPromptIsZeros { get; init; }

    /// <summary>Says which pictures are unfit to be shown; null where the folder has no such network.</summary>
    public SafetyParts? SafetyChecker { get; init; }

    /// <summary>Guides the UNet by a picture; null where the folder has no such network.</summary>
    public OnnxSignature? ControlNetwork { get; init; }

    /// <summary>A small network that decodes latents for previews; null where the folder has none.</summary>
    public PreviewDecoderParts? PreviewDecoder { get; init; }

    public ClipTokenizer Tokenizer => TextEncoders[0].Tokenizer;

    public TextConfig Text => TextEncoders[0].Config;

    public OnnxSignature TextNetwork => TextEncoders[0].Network;

    public OnnxValue InputIds => TextEncoders[0].InputIds;

    public OnnxValue Timestep => UnetNetwork.Input(NetworkFiles.Timestep)!;

    /// <summary>The values per token that the UNet is conditioned on: those of all encoders side by side.</summary>
    public int ConditioningWidth => TextEncoders.Sum(encoder => encoder.Config.Width);

    /// <summary>The values of the pooled text; 0 where the UNet takes none.</summary>
    public int PooledWidth => Family.IsXl ? TextEncoders[^1].Config.PooledWidth : 0;

    /// <summary>The vectors that the UNet takes for each row beside latents, timestep and text.</summary>
    public IReadOnlyList<(string Name, int Width)> RowInputs { get; } =
    [
        .. Family.IsXl
            ? new[] { (NetworkFiles.PooledText, TextEncoders[^1].Config.PooledWidth), (NetworkFiles.TimeIds, NetworkRules.Sizes) }
            : [],
        .. Family.IsConsistencyModel ? new[] { (NetworkFiles.GuidanceEmbedding, Unet.GuidanceWidth) } : [],
    ];

    /// <summary>How many layers of every text encoder may be left out.</summary>
    public int MaxClipSkip => TextEncoders.Min(encoder => encoder.MaxClipSkip);
}

/// <summary>A text encoder's size: layers, tokens, values per token and of the pooled text.</summary>
internal sealed record TextConfig(int Layers, int Length, int Width, int PooledWidth)
{
    public static TextConfig? Read(ProblemList problems, string file)
    {
        if (ModelJson.Read(file, problems) is not { } json)
        {
            return null;
        }

        var width = json.PositiveInteger("hidden_size");
        return new(json.PositiveInteger("num_hidden_layers"), json.PositiveInteger("max_position_embeddings"), width, json.Integer("projection_dim", width));
    }
}

/// <summary>The UNet's size: channels, the channels and layers of each level, each of which but the last halves the sides, the latent side it was trained on, and the width of the guidance embedding.</summary>
internal sealed record UnetConfig(int InChannels, IReadOnlyList<int> BlockChannels, IReadOnlyList<int> BlockLayers, int SampleSize, bool UsesLinearProjection, int GuidanceWidth)
{
    public const string File = "unet/config.json";

    public int Levels => BlockChannels.Count;

    public static UnetConfig? Read(ProblemList problems)
    {
        if (ModelJson.Read(File, problems) is not { } json)
        {
            return null;
        }

        var channels = json.Integers("block_out_channels");
        return new(
            json.PositiveInteger("in_channels"),
            channels,
            json.Find("layers_per_block") is { ValueKind: JsonValueKind.Array } ? json.Integers("layers_per_block") : [.. channels.Select(_ => json.Integer("layers_per_block", 2))],
            json.PositiveInteger("sample_size"),
            json.Flag("use_linear_projection") == true,
            json.Integer("time_cond_proj_dim", 0));
    }
}

/// <summary>The autoencoder's latents: channels, pixels per value, and the scale they were trained at.</summary>
internal sealed record VaeConfig(int LatentChannels, int Factor, double ScalingFactor)
{
    public const string File = "vae_decoder/config.json";

    private const double StableDiffusionScale = 0.18215;

    private static readonly string[] Shifts = ["shift_factor", "latents_mean", "latents_std"];

    public static VaeConfig? Read(ProblemList problems, string file = File)
    {
        if (ModelJson.Read(file, problems) is not { } json)
        {
            return null;
        }

        foreach (var shift in Shifts.Where(name => json.Find(name) is not null))
        {
            json.Refuse(shift, json.Find(shift)!.Value.GetRawText(), "Use a VAE whose latents are only scaled (scaling_factor).");
        }

        // Every level of the autoencoder but the last halves the picture.
        return new(json.PositiveInteger("latent_channels"), 1 << (json.ArrayLength("block_out_channels") - 1), json.Number("scaling_factor", StableDiffusionScale));
    }
}
