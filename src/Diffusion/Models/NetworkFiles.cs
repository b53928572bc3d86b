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

    public const string LatentSample = "latent_sample";
    public const string LatentParameters = "latent_parameters";

    /// <summary>A layer as it is; 0 is the sum of the embeddings.</summary>
    public static string HiddenState(int layer) => string.Create(CultureInfo.InvariantCulture, $"hidden_states.{layer}");

    /// <summary>A layer through the final norm.</summary>
    public static string NormedHiddenState(int layer) => string.Create(CultureInfo.InvariantCulture, $"normed_hidden_states.{layer}");
}
