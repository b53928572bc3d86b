using RenderFarm.Diffusion.Tokenization;

namespace RenderFarm.Diffusion.Models;

/// <summary>Reads a folder part by part, noting every problem instead of stopping at the first.</summary>
internal static class ModelReader
{
    private static readonly string[] Pipelines = ["StableDiffusionPipeline", "ORTStableDiffusionPipeline", "OnnxStableDiffusionPipeline"];

    private static readonly string[] Required =
    [
        "model_index.json", SchedulerConfig.File, "text_encoder/config.json", NetworkFiles.TextEncoder, "tokenizer/merges.txt",
        "tokenizer/vocab.json", "unet/config.json", NetworkFiles.Unet, "vae_decoder/config.json", NetworkFiles.VaeDecoder,
    ];

    public static ModelInspection Read(string path, bool verifyDigest, CancellationToken ct)
    {
        var problems = new ProblemList(path);
        if (!Directory.Exists(path))
        {
            problems.Add(".", "The folder does not exist.", "Give the path of a folder that holds a model_index.json.");
            return new ModelInspection(null, problems.Problems);
        }

        // 1. What kind of model it says it is.
        var index = ModelJson.Read("model_index.json", problems);
        index?.Require("_class_name");
        index?.OneOf("_class_name", null, Pipelines);

        // 2. The configs.
        var scheduler = SchedulerConfig.Read(problems);
        var text = TextConfig.Read(problems);
        var unet = UnetConfig.Read(problems);
        var vae = VaeConfig.Read(problems);
        var tokenizer = ClipTokenizer.Read(problems, "tokenizer/", text?.Length ?? 0);

        // 3. The networks.
        var textNetwork = NetworkFiles.ReadTextEncoder(problems);
        var unetNetwork = NetworkFiles.ReadUnet(problems);
        _ = NetworkFiles.ReadVaeDecoder(problems);
        if (unet is not null && vae is not null && unet.InChannels != vae.LatentChannels)
        {
            problems.Add("unet/config.json", $"in_channels is {unet.InChannels}, but the VAE has {vae.LatentChannels} latent channels.", "Use a text-to-image model; inpainting UNets are not supported.");
        }

        // 4. The files' digests.
        var digest = ModelDigest.Read(problems, Required, verifyDigest, ct);

        if (problems.Count > 0)
        {
            return new ModelInspection(null, problems.Problems);
        }

        var weights = new[] { NetworkFiles.TextEncoder, NetworkFiles.Unet, NetworkFiles.VaeDecoder }.Sum(file => BytesOf(problems.PathOf(file)));
        var parts = new ModelParts(scheduler!, tokenizer!, text!, unet!, vae!, textNetwork!, unetNetwork!);
        return new ModelInspection(new ModelFolder(path, digest, weights, parts), []);
    }

    /// <summary>A network's file and the weights that lie outside it, which exporters name after it.</summary>
    private static long BytesOf(string network) =>
        new DirectoryInfo(Path.GetDirectoryName(network)!).EnumerateFiles(Path.GetFileName(network) + "*").Sum(file => file.Length);
}
