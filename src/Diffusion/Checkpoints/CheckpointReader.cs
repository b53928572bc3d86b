using RenderFarm.Diffusion.Checkpoints.Keys;
using RenderFarm.Diffusion.Checkpoints.Recognition;
using RenderFarm.Diffusion.Models;
using RenderFarm.Diffusion.Models.Reading;

namespace RenderFarm.Diffusion.Checkpoints;

/// <summary>Reads a checkpoint as a model: what a folder has in configs follows from its family and its weights.</summary>
internal static class CheckpointReader
{
    /// <summary>Reads a file, which predicts what the caller says, or what the file says where that is null.</summary>
    public static ModelInspection Read(string path, SharedParts shared, CancellationToken ct, string? prediction = null) => Inspected(() =>
    {
        // The runtime looks for weights in the folder of the file itself, not of a link to it.
        var file = File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName ?? Path.GetFullPath(path);
        return Read(RecognizedCheckpoint.Read(file, prediction), path, earlier: null, shared, ct);
    });

    /// <summary>Reads a folder that stands for a checkpoint; null where it is of another kind.</summary>
    public static ModelInspection? ReadLinked(string folder, SharedParts shared, CancellationToken ct)
    {
        CheckpointLink? link = null;
        var inspection = Inspected(() =>
        {
            link = CheckpointLink.Find(folder);
            return link is null ? new ModelInspection(null, []) : Read(RecognizedCheckpoint.Read(link.File, link.Prediction), folder, link, shared, ct);
        });
        return link is null && inspection.Problems.Count == 0 ? null : inspection;
    }

    private static ModelInspection Inspected(Func<ModelInspection> read)
    {
        try
        {
            return read();
        }
        catch (ModelFolderException exception)
        {
            return new ModelInspection(null, exception.Problems);
        }
    }

    private static ModelInspection Read(RecognizedCheckpoint checkpoint, string path, CheckpointLink? earlier, SharedParts shared, CancellationToken ct)
    {
        // 1. The networks, with all their weights in the file.
        var (family, prediction) = (checkpoint.Family, checkpoint.Prediction.Type);
        var weights = WeightFiles.Of(checkpoint.File, checkpoint.Header);
        var networks = new CheckpointNetworks(family, _ => weights, (network, keys) => SingleFileKeys.Of(family.Generation, network, keys), shared) { UnetPrefix = FileKinds.UnetPrefix };
        var graphs = networks.ReadAll();

        // 2. What folders have in configs.
        var configs = new CheckpointConfigs(
            FamilyDefaults.Scheduler(family, prediction),
            GraphConfigs.Unet(graphs[NetworkFiles.Unet].Model.Graph, FamilyDefaults.SampleSize(family, prediction)),
            GraphConfigs.Vae(graphs[NetworkFiles.VaeDecoder].Model.Graph, FamilyDefaults.ScalingFactor(family)),
            EmptyPromptIsZeros: family.IsXl);
        var parts = CheckpointParts.Of(family, graphs, configs, (network, length) => shared.Tokenizer(FamilyDefaults.Pad(family, network), length));
        var problems = new ProblemList(Path.GetDirectoryName(path)!);
        FamilyRules.CheckParts(problems, parts);
        if (problems.Count > 0)
        {
            return new ModelInspection(null, problems.Problems);
        }

        // 3. The digest. What it predicts is part of what it is, as the file alone need not say it.
        var link = CheckpointLink.Of(checkpoint.File, prediction, earlier, ct);
        var digest = ModelDigest.Of(new Dictionary<string, string>(StringComparer.Ordinal) { ["weights"] = link.Sha256, ["prediction"] = link.Prediction });
        return new ModelInspection(
            new ModelFolder(path, digest, graphs.Values.Sum(CheckpointNetworks.BytesOf), parts, networks) { Checkpoint = link, PredictionSource = checkpoint.Prediction.Source },
            []);
    }
}
