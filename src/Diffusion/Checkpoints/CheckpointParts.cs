using RenderFarm.Diffusion.Models;
using RenderFarm.Diffusion.Onnx;
using RenderFarm.Diffusion.Tokenization;

namespace RenderFarm.Diffusion.Checkpoints;

/// <summary>Puts together what is known of a checkpoint.</summary>
internal static class CheckpointParts
{
    private static readonly string[] TextEncoders = [NetworkFiles.TextEncoder, NetworkFiles.TextEncoder2];

    /// <param name="family">What it is.</param>
    /// <param name="graphs">Its networks.</param>
    /// <param name="configs">What configs say, or would say.</param>
    /// <param name="tokenizer">The tokenizer of a text encoder that takes so many tokens.</param>
    public static ModelParts Of(ModelFamily family, Dictionary<string, OnnxGraphFile> graphs, CheckpointConfigs configs, Func<string, int, ClipTokenizer> tokenizer)
    {
        return new ModelParts(
            family,
            configs.Scheduler,
            [.. TextEncoders.Where(graphs.ContainsKey).Select(Text)],
            configs.Unet,
            configs.Vae,
            graphs[NetworkFiles.Unet].Signature(),
            graphs[NetworkFiles.VaeDecoder].Signature(),
            graphs[NetworkFiles.VaeEncoder].Signature())
        {
            EmptyPromptIsZeros = configs.EmptyPromptIsZeros,
        };

        TextParts Text(string network)
        {
            var config = GraphConfigs.Text(graphs[network].Model.Graph);
            return new TextParts(network, tokenizer(network, config.Length), config, graphs[network].Signature())
            {
                ReadsPenultimate = family.IsXl,
                IsPooled = network == NetworkFiles.TextEncoder2,
            };
        }
    }
}

/// <summary>What folders have in configs.</summary>
internal sealed record CheckpointConfigs(SchedulerConfig Scheduler, UnetConfig Unet, VaeConfig Vae, bool EmptyPromptIsZeros);
