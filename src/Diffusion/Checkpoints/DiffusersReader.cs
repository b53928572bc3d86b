using RenderFarm.Diffusion.Checkpoints.Keys;
using RenderFarm.Diffusion.Checkpoints.Recognition;
using RenderFarm.Diffusion.Models;
using RenderFarm.Diffusion.Models.Reading;
using RenderFarm.Diffusion.Onnx;
using RenderFarm.Diffusion.Tokenization;

namespace RenderFarm.Diffusion.Checkpoints;

/// <summary>Reads a folder of diffusers, whose networks are weights without graphs, as a model.</summary>
internal static class DiffusersReader
{
    private const string IndexFile = "model_index.json";
    private const string UnetPart = "unet";
    private const string VaeConfigFile = "vae/config.json";
    private const string UnetWeights = "diffusion_pytorch_model";

    /// <summary>Whether the folder has a UNet as diffusers keeps it and none as ONNX.</summary>
    public static bool IsFolder(string folder) =>
        !File.Exists(Path.Combine(folder, UnetPart, "model.onnx"))
        && Directory.Exists(Path.Combine(folder, UnetPart))
        && Directory.EnumerateFiles(Path.Combine(folder, UnetPart), $"{UnetWeights}*").Any();

    public static ModelInspection Read(string folder, SharedParts shared, bool verifyDigest, FileHashes hashes, CancellationToken ct)
    {
        var problems = new ProblemList(folder);
        try
        {
            return Read(problems, shared, verifyDigest, hashes, ct) ?? new ModelInspection(null, problems.Problems);
        }
        catch (ModelFolderException exception)
        {
            return new ModelInspection(null, [.. problems.Problems, .. exception.Problems]);
        }
    }

    /// <summary>The model, or null where there is a problem.</summary>
    private static ModelInspection? Read(ProblemList problems, SharedParts shared, bool verifyDigest, FileHashes hashes, CancellationToken ct)
    {
        // 1. The configs, and what family the UNet is of.
        var index = ModelJson.Read(IndexFile, problems);
        var pipeline = index is null ? null : FamilyRules.ReadPipeline(index);
        var scheduler = SchedulerConfig.Read(problems);
        var unet = UnetConfig.Read(problems);
        var vae = VaeConfig.Read(problems, VaeConfigFile);
        if (problems.Count > 0 || FilesOf(problems, UnetPart) is not { } unetFiles)
        {
            return null;
        }

        var family = DiffusersFamily.Of(unetFiles);

        // 2. The networks.
        string[] needed = [.. CheckpointNetworks.Of(family)];
        var files = needed.ToDictionary(network => network, network => FilesOf(problems, PartOf(network)));
        if (problems.Count > 0)
        {
            return null;
        }

        var networks = new CheckpointNetworks(family, network => files[network]!, (_, _) => new DiffusersKeys(), shared) { UnetPrefix = "" };
        var graphs = networks.ReadAll();

        // 3. Whether they are what the configs say.
        var configs = new CheckpointConfigs(scheduler!, unet!, vae!, family.IsXl && index!.Flag("force_zeros_for_empty_prompt") == true);
        var tokenizers = graphs.Keys.Where(IsText).ToDictionary(network => network, network => TokenizerOf(problems, network, graphs[network]));
        if (problems.Count > 0)
        {
            return null;
        }

        var parts = CheckpointParts.Of(family, graphs, configs, (network, _) => tokenizers[network]!);
        FamilyRules.Recognize(problems, pipeline, unet!, vae!, parts.UnetNetwork);
        FamilyRules.CheckParts(problems, parts);

        // 4. The files' digests.
        string[] used = [IndexFile, SchedulerConfig.File, UnetConfig.File, VaeConfigFile, .. needed.SelectMany(network => UsedBy(problems, network)).Distinct()];
        var digest = ModelDigest.Read(problems, used, verifyDigest, hashes, ct);
        return problems.Count > 0
            ? null
            : new ModelInspection(new ModelFolder(problems.Folder, digest, graphs.Values.Sum(CheckpointNetworks.BytesOf), parts, networks), []);
    }

    private static ClipTokenizer? TokenizerOf(ProblemList problems, string network, OnnxGraphFile graph) =>
        ClipTokenizer.Read(problems, TokenizerFolderOf(network), GraphConfigs.Text(graph.Model.Graph).Length);

    /// <summary>The files of a network's weights, and of the tokenizer in front of it, as the folder has them.</summary>
    private static IEnumerable<string> UsedBy(ProblemList problems, string network)
    {
        var weights = (WeightParts.Find(problems, PartOf(network)) ?? []).Select(path => $"{PartOf(network)}/{Path.GetFileName(path)}");
        return IsText(network) ? weights.Concat([$"{TokenizerFolderOf(network)}vocab.json", $"{TokenizerFolderOf(network)}merges.txt"]) : weights;
    }

    private static string TokenizerFolderOf(string network) => network == NetworkFiles.TextEncoder ? "tokenizer/" : "tokenizer_2/";

    private static WeightFiles? FilesOf(ProblemList problems, string part)
    {
        var before = problems.Count;
        if (WeightParts.Find(problems, part) is { } files)
        {
            return WeightFiles.Of(files);
        }

        if (problems.Count == before)
        {
            var isPickle = Directory.Exists(problems.PathOf(part)) && Directory.EnumerateFiles(problems.PathOf(part), "*.bin").Any();
            problems.Add(
                part,
                isPickle ? $"It has its weights as a pickle alone. {ForeignFormat.PickleReason}" : "It has no .safetensors file of weights.",
                isPickle ? "Take the folder's .safetensors files; most are published as both." : "Copy the whole folder.");
        }

        return null;
    }

    private static bool IsText(string network) => network is NetworkFiles.TextEncoder or NetworkFiles.TextEncoder2;

    private static string PartOf(string network) => NetworkFiles.IsVae(network) ? "vae" : network.Split('/')[0];
}
