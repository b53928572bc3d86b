using RenderFarm.Diffusion.Checkpoints.Recognition;
using RenderFarm.Diffusion.Models;
using RenderFarm.Diffusion.Models.Reading;
using RenderFarm.Diffusion.Onnx;

namespace RenderFarm.Diffusion.Checkpoints;

/// <summary>Reads a checkpoint as a model: what a folder has in configs follows from its family and its weights.</summary>
internal static class CheckpointReader
{
    private static readonly string[] TextEncoders = [NetworkFiles.TextEncoder, NetworkFiles.TextEncoder2];

    /// <summary>Whether a path is that of a checkpoint and not of a model folder.</summary>
    public static bool IsCheckpoint(string path) => File.Exists(path);

    public static ModelInspection Read(string path, SharedParts shared, CancellationToken ct)
    {
        try
        {
            // The runtime looks for weights in the folder of the file itself, not of a link to it.
            var file = File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName ?? path;
            return Read(RecognizedCheckpoint.Read(file), path, shared, ct);
        }
        catch (ModelFolderException exception)
        {
            return new ModelInspection(null, exception.Problems);
        }
    }

    private static ModelInspection Read(RecognizedCheckpoint checkpoint, string path, SharedParts shared, CancellationToken ct)
    {
        var networks = new CheckpointNetworks(checkpoint.Family, WeightFiles.Of(checkpoint.File, checkpoint.Header), shared);
        var graphs = CheckpointNetworks.Of(checkpoint.Family).ToDictionary(network => network, networks.Read);
        var parts = PartsOf(checkpoint, graphs, shared);
        var problems = new ProblemList(Path.GetDirectoryName(path)!);
        FamilyRules.CheckParts(problems, parts);
        if (problems.Count > 0)
        {
            return new ModelInspection(null, problems.Problems);
        }

        // What it predicts is part of what it is, as the file alone need not say it.
        var digest = ModelDigest.Of(new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["weights"] = ModelDigest.HashFile(checkpoint.File, ct),
            ["prediction"] = checkpoint.Prediction.Type,
        });
        return new ModelInspection(new ModelFolder(path, digest, graphs.Values.Sum(CheckpointNetworks.BytesOf), parts, networks), []);
    }

    private static ModelParts PartsOf(RecognizedCheckpoint checkpoint, Dictionary<string, OnnxGraphFile> graphs, SharedParts shared)
    {
        var family = checkpoint.Family;
        var prediction = checkpoint.Prediction.Type;
        var (unet, decoder) = (graphs[NetworkFiles.Unet], graphs[NetworkFiles.VaeDecoder]);
        return new ModelParts(
            family,
            FamilyDefaults.Scheduler(family, prediction),
            [.. TextEncoders.Where(graphs.ContainsKey).Select(Text)],
            GraphConfigs.Unet(unet.Model.Graph, FamilyDefaults.SampleSize(family, prediction)),
            GraphConfigs.Vae(decoder.Model.Graph, FamilyDefaults.ScalingFactor(family)),
            unet.Signature(),
            decoder.Signature(),
            graphs[NetworkFiles.VaeEncoder].Signature())
        {
            EmptyPromptIsZeros = family.IsXl,
        };

        TextParts Text(string network)
        {
            var config = GraphConfigs.Text(graphs[network].Model.Graph);
            return new TextParts(network, shared.Tokenizer(FamilyDefaults.Pad(family, network), config.Length), config, graphs[network].Signature())
            {
                ReadsPenultimate = family.IsXl,
                IsPooled = network == NetworkFiles.TextEncoder2,
            };
        }
    }
}
