using RenderFarm.Diffusion.Checkpoints.Keys;
using RenderFarm.Diffusion.Checkpoints.Recognition;
using RenderFarm.Diffusion.Models;
using RenderFarm.Diffusion.Models.Reading;

namespace RenderFarm.Diffusion.Checkpoints;

/// <summary>Reads a checkpoint as a model: what a folder has in configs follows from its family and its weights.</summary>
internal static class CheckpointReader
{
    /// <summary>Reads a file with what the caller says of it.</summary>
    public static ModelInspection Read(string path, SharedParts shared, FileHashes hashes, CheckpointChoices choices, CancellationToken ct) =>
        Inspected(() => Read(RecognizedCheckpoint.Read(path, choices.Prediction), choices.Vae, path, earlier: null, shared, hashes, ct));

    /// <summary>Reads a folder that stands for a checkpoint; null where it is of another kind.</summary>
    public static ModelInspection? ReadLinked(string folder, SharedParts shared, FileHashes hashes, CancellationToken ct)
    {
        CheckpointLink? link = null;
        var inspection = Inspected(() =>
        {
            link = CheckpointLink.Find(folder);
            return link is null
                ? new ModelInspection(null, [])
                : Read(RecognizedCheckpoint.ReadAdded(link.File, link.Prediction), link.Vae?.File, folder, link, shared, hashes, ct);
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

    private static ModelInspection Read(RecognizedCheckpoint checkpoint, string? vaeFile, string path, CheckpointLink? earlier, SharedParts shared, FileHashes hashes, CancellationToken ct)
    {
        // 1. The networks, with all their weights in the files.
        var (family, prediction) = (checkpoint.Family, checkpoint.Prediction.Type);
        var vae = vaeFile is null ? null : RecognizedVae.Read(vaeFile, family);
        if (vae is null && !checkpoint.HasVae)
        {
            throw RecognizedCheckpoint.Refused(checkpoint.File, "It has no VAE.", "Name one of its family with --vae.");
        }

        var networks = NetworksOf(checkpoint, vae, shared);
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

        // 3. The digest.
        var link = CheckpointLink.Of(hashes.Of(checkpoint.File, ct, earlier), prediction, vae is null ? null : hashes.Of(vae.File, ct, earlier?.Vae));
        return new ModelInspection(
            new ModelFolder(path, link.Digest(), graphs.Values.Sum(CheckpointNetworks.BytesOf), parts, networks) { Checkpoint = link, PredictionSource = checkpoint.Prediction.Source },
            []);
    }

    private static CheckpointNetworks NetworksOf(RecognizedCheckpoint checkpoint, RecognizedVae? vae, SharedParts shared)
    {
        var weights = WeightFiles.Of(checkpoint.File, checkpoint.Header);
        var vaeWeights = vae is null ? null : WeightFiles.Of(vae.File, vae.Header);
        return new CheckpointNetworks(
            checkpoint.Family,
            network => vaeWeights is not null && NetworkFiles.IsVae(network) ? vaeWeights : weights,
            (network, keys) => vae is not null && NetworkFiles.IsVae(network) ? vae.Rules(keys) : SingleFileKeys.Of(checkpoint.Family.Generation, network, keys),
            shared)
        {
            UnetPrefix = FileKinds.UnetPrefix,
        };
    }
}
