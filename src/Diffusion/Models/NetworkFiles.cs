using System.Globalization;

namespace RenderFarm.Diffusion.Models;

/// <summary>The networks of a model folder, and the names that exporters give to their inputs and outputs.</summary>
internal static class NetworkFiles
{
    public const string TextEncoder = "text_encoder/model.onnx";
    public const string TextEncoder2 = "text_encoder_2/model.onnx";
    public const string Unet = "unet/model.onnx";
    public const string VaeDecoder = "vae_decoder/model.onnx";
    public const string VaeEncoder = "vae_encoder/model.onnx";
    public const string SafetyChecker = "safety_checker/model.onnx";
    public const string ControlNet = "controlnet/model.onnx";

    /// <summary>The folder of the CLIP that scores pictures.</summary>
    public const string Clip = "clip";

    public const string InputIds = "input_ids";
    public const string LastHiddenState = "last_hidden_state";
    public const string PoolerOutput = "pooler_output";

    public const string Sample = "sample";
    public const string Timestep = "timestep";
    public const string Conditioning = "encoder_hidden_states";
    public const string PooledText = "text_embeds";
    public const string TimeIds = "time_ids";
    public const string GuidanceEmbedding = "timestep_cond";
    public const string OutSample = "out_sample";

    public const string ControlImage = "controlnet_cond";
    public const string MidResidual = "mid_block_additional_residual";

    public const string ClipInput = "clip_input";
    public const string Pictures = "images";
    public const string Concepts = "has_nsfw_concepts";

    public const string LatentSample = "latent_sample";
    public const string LatentParameters = "latent_parameters";

    /// <summary>Where a small decoder for previews may lie: the names that exporters of AutoencoderTiny use.</summary>
    public static IReadOnlyList<string> PreviewDecoders { get; } = ["vae_decoder_tiny/model.onnx", "taesd_decoder/model.onnx"];

    /// <summary>Whether a network is a half of the autoencoder.</summary>
    public static bool IsVae(string network) => network is VaeDecoder or VaeEncoder;

    /// <summary>What a ControlNet adds to the UNet's skip connection of this number.</summary>
    public static string DownResidual(int index) => string.Create(CultureInfo.InvariantCulture, $"down_block_additional_residual_{index}");

    /// <summary>A layer as it is; 0 is the sum of the embeddings.</summary>
    public static string HiddenState(int layer) => string.Create(CultureInfo.InvariantCulture, $"hidden_states.{layer}");

    /// <summary>A layer through the final norm.</summary>
    public static string NormedHiddenState(int layer) => string.Create(CultureInfo.InvariantCulture, $"normed_hidden_states.{layer}");
}
