using RenderFarm.Diffusion.Checkpoints.Keys;
using RenderFarm.Diffusion.Models;
using RenderFarm.Diffusion.Onnx;

namespace RenderFarm.Diffusion.Checkpoints;

/// <summary>The networks of a checkpoint: the family's graphs with their weights in the file.</summary>
internal sealed class CheckpointNetworks(ModelFamily family, WeightFiles files, SharedParts shared) : INetworks
{
    // What is computed with, whatever the file has.
    private const int ComputedBytes = sizeof(float);

    private static readonly string[] Networks = [NetworkFiles.TextEncoder, NetworkFiles.Unet, NetworkFiles.VaeDecoder, NetworkFiles.VaeEncoder];

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
        PlacedWeights.Place(model.Graph, files, SingleFileKeys.Of(family.Generation, network, PlacedWeights.KeysOf(model.Graph)));
        return new OnnxGraphFile(Path.Combine(files.Folder, files.Name), model, new WeightTable(model.Graph, files.Folder));
    }
}
