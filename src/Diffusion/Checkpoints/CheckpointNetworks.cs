using RenderFarm.Diffusion.Checkpoints.Keys;
using RenderFarm.Diffusion.Models;
using RenderFarm.Diffusion.Onnx;

namespace RenderFarm.Diffusion.Checkpoints;

/// <summary>The family's graphs with their weights in a checkpoint's files.</summary>
/// <param name="family">What the checkpoint is.</param>
/// <param name="files">The files of each network.</param>
/// <param name="rules">What the weights are called there, for each network and the names of its weights.</param>
/// <param name="shared">Where the graphs are.</param>
internal sealed class CheckpointNetworks(ModelFamily family, Func<string, WeightFiles> files, Func<string, IEnumerable<string>, IKeyRules> rules, SharedParts shared) : INetworks
{
    // What is computed with, whatever the files have.
    private const int ComputedBytes = sizeof(float);

    private static readonly string[] Networks = [NetworkFiles.TextEncoder, NetworkFiles.Unet, NetworkFiles.VaeDecoder, NetworkFiles.VaeEncoder];

    /// <summary>What stands before the names of the UNet's weights, none of which may be left over.</summary>
    public required string UnetPrefix { get; init; }

    // Converted for every start they would take twice the checkpoint's own place.
    public bool KeepsOptimized => false;

    /// <summary>The networks that a checkpoint of a family has.</summary>
    public static IEnumerable<string> Of(ModelFamily family) => family.IsXl ? Networks.Append(NetworkFiles.TextEncoder2) : Networks;

    public bool Has(string network) => Of(family).Contains(network);

    public long BytesOf(string network) => Has(network) ? BytesOf(Read(network)) : 0;

    public static long BytesOf(OnnxGraphFile network) =>
        ComputedBytes * network.Weights.Where(weight => weight.Data is not null).Sum(weight => weight.Dims.Aggregate(1L, (count, size) => count * size));

    public OnnxGraphFile Read(string network)
    {
        var model = shared.Graph(family, network);
        var weights = files(network);
        var used = PlacedWeights.Place(model.Graph, weights, rules(network, PlacedWeights.KeysOf(model.Graph)));
        if (network == NetworkFiles.Unet)
        {
            CheckLeftOver(weights, used);
        }

        return new OnnxGraphFile(Path.Combine(weights.Folder, weights.Name), model, new WeightTable(model.Graph, weights.Folder));
    }

    /// <summary>All of them, by name.</summary>
    public Dictionary<string, OnnxGraphFile> ReadAll() => Of(family).ToDictionary(network => network, Read);

    /// <summary>A layer that the family's graph does not have would go unseen, and the pictures would be others.</summary>
    private void CheckLeftOver(WeightFiles weights, IReadOnlySet<string> used)
    {
        var left = weights.Names.Where(name => name.StartsWith(UnetPrefix, StringComparison.Ordinal) && !used.Contains(name)).Order(StringComparer.Ordinal).ToArray();
        if (left.Length > 0)
        {
            throw new ModelFolderException(
                weights.Folder,
                weights.Name,
                $"Its UNet has {left.Length} weights that {family.Name} does not have, such as {left[0]}.",
                "Distilled consistency models, video models and others that add layers are not supported as checkpoints.");
        }
    }
}
