using RenderFarm.Diffusion.Models;
using RenderFarm.Diffusion.Onnx;

namespace RenderFarm.Diffusion.Checkpoints;

/// <summary>Reads off a graph what a model folder has in its configs.</summary>
internal static class GraphConfigs
{
    public static TextConfig Text(GraphProto graph)
    {
        var weights = WeightsOf(graph);
        var width = (int)weights["text_model.embeddings.token_embedding.weight"][1];
        var layers = weights.Keys.Select(key => key.Split('.')).Count(parts => parts is ["text_model", "encoder", "layers", _, "layer_norm1", "weight"]);
        var pooled = weights.GetValueOrDefault("text_projection.weight") is { } projection ? (int)projection[0] : width;
        return new TextConfig(layers, (int)weights["text_model.embeddings.position_embedding.weight"][0], width, pooled);
    }

    public static UnetConfig Unet(GraphProto graph, int sampleSize)
    {
        var weights = WeightsOf(graph);
        var layers = weights
            .Select(weight => (Parts: weight.Key.Split('.'), Shape: weight.Value))
            .Where(weight => weight.Parts is ["down_blocks", _, "resnets", _, "conv1", "weight"])
            .GroupBy(weight => weight.Parts[1], weight => (int)weight.Shape[0])
            .OrderBy(level => level.Key, StringComparer.Ordinal)
            .ToArray();
        var isLinear = weights["mid_block.attentions.0.proj_in.weight"].Count == 2;
        return new UnetConfig((int)weights["conv_in.weight"][1], [.. layers.Select(level => level.First())], [.. layers.Select(level => level.Count())], sampleSize, isLinear, GuidanceWidth: 0);
    }

    public static VaeConfig Vae(GraphProto decoder, double scalingFactor)
    {
        var weights = WeightsOf(decoder);
        var doublings = weights.Keys.Count(key => key.EndsWith(".upsamplers.0.conv.weight", StringComparison.Ordinal));
        return new VaeConfig((int)weights["post_quant_conv.weight"][0], 1 << doublings, scalingFactor);
    }

    private static Dictionary<string, IReadOnlyList<long>> WeightsOf(GraphProto graph) =>
        graph.Initializer.Where(PlacedWeights.IsWeight).ToDictionary(PlacedWeights.KeyOf, IReadOnlyList<long> (weight) => weight.Dims, StringComparer.Ordinal);
}
