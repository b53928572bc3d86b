using RenderFarm.Diffusion.Tokenization;

namespace RenderFarm.Diffusion.Models.Reading;

/// <summary>Reads a folder part by part, noting every problem instead of stopping at the first.</summary>
internal static class ModelReader
{
    private const string IndexFile = "model_index.json";

    private static readonly string[] Networks =
        [NetworkFiles.TextEncoder, NetworkFiles.TextEncoder2, NetworkFiles.Unet, NetworkFiles.VaeDecoder, NetworkFiles.VaeEncoder];

    // What follows the names of the first and the second text encoder's folders.
    private static readonly string[] Suffixes = ["", "_2"];

    public static ModelInspection Read(string path, bool verifyDigest, FileHashes hashes, CancellationToken ct)
    {
        var problems = new ProblemList(path);
        if (!Directory.Exists(path))
        {
            problems.Add(".", "The folder does not exist.", $"Give the path of a folder that holds a {IndexFile}.");
            return new ModelInspection(null, problems.Problems);
        }

        // 1. What kind of model it says it is.
        var index = ModelJson.Read(IndexFile, problems);
        var pipeline = index is null ? null : FamilyRules.ReadPipeline(index);

        // 2. The configs and networks.
        var scheduler = SchedulerConfig.Read(problems);
        var texts = ReadTexts(problems);
        var unet = UnetConfig.Read(problems);
        var unetNetwork = NetworkRules.ReadUnet(problems);
        var vae = VaeConfig.Read(problems);
        var decoder = NetworkRules.ReadDecoder(problems);
        var encoder = NetworkRules.ReadEncoder(problems);

        // 3. What kind of model it is, and whether its parts fit together.
        var family = unet is null || vae is null || unetNetwork is null ? null : FamilyRules.Recognize(problems, pipeline, unet, vae, unetNetwork);
        ModelParts? parts = null;
        if (family is not null && scheduler is not null && decoder is not null && !texts.Contains(null))
        {
            parts = new ModelParts(family, scheduler, [.. texts.Select((text, i) => text! with { ReadsPenultimate = family.IsXl, IsPooled = family.IsXl && i == 1 })], unet!, vae!, unetNetwork!, decoder, encoder)
            {
                EmptyPromptIsZeros = family.IsXl && index?.Flag("force_zeros_for_empty_prompt") == true,
            };
            FamilyRules.CheckParts(problems, parts);
            parts = OptionalNetworks.Add(problems, parts);
        }

        // 4. The files' digests.
        string[] networks = [.. Networks.Where(file => File.Exists(problems.PathOf(file))), .. OptionalNetworks.FilesOf(problems)];
        (string, OnnxSignature?)[] signatures =
        [
            .. texts.OfType<TextParts>().Select(text => (text.NetworkFile, text.Network)),
            (NetworkFiles.Unet, unetNetwork), (NetworkFiles.VaeDecoder, decoder), (NetworkFiles.VaeEncoder, encoder),
            (NetworkFiles.SafetyChecker, parts?.SafetyChecker?.Network), (NetworkFiles.ControlNet, parts?.ControlNetwork),
        ];
        string[] used = [IndexFile, SchedulerConfig.File, UnetConfig.File, VaeConfig.File, .. TextFiles(texts.Count), .. networks, .. signatures.SelectMany(one => DataOf(one.Item1, one.Item2))];
        var digest = ModelDigest.Read(problems, used, verifyDigest, hashes, ct);

        return problems.Count > 0
            ? new ModelInspection(null, problems.Problems)
            : new ModelInspection(new ModelFolder(path, digest, networks.Sum(file => BytesOf(problems.PathOf(file))), parts!, new FolderNetworks(path)), []);
    }

    /// <summary>The text encoders that the folder has; a null stands for one that cannot be read.</summary>
    private static List<TextParts?> ReadTexts(ProblemList problems)
    {
        List<TextParts?> texts = [ReadText(problems, Suffixes[0])];
        if (Directory.Exists(problems.PathOf("text_encoder_2")))
        {
            texts.Add(ReadText(problems, Suffixes[1]));
        }

        return texts;
    }

    private static TextParts? ReadText(ProblemList problems, string suffix)
    {
        var before = problems.Count;
        var config = TextConfig.Read(problems, $"text_encoder{suffix}/config.json");
        var network = NetworkRules.ReadTextEncoder(problems, $"text_encoder{suffix}/model.onnx");
        var tokenizer = ClipTokenizer.Read(problems, $"tokenizer{suffix}/", config?.Length ?? 0);
        return problems.Count == before ? new TextParts($"text_encoder{suffix}/model.onnx", tokenizer!, config!, network!) : null;
    }

    private static IEnumerable<string> TextFiles(int encoders) =>
        from suffix in Suffixes.Take(encoders)
        from file in new[] { $"text_encoder{suffix}/config.json", $"tokenizer{suffix}/merges.txt", $"tokenizer{suffix}/vocab.json" }
        select file;

    /// <summary>The weights of a network that lie outside its file, as the folder has them.</summary>
    public static IEnumerable<string> DataOf(string network, OnnxSignature? signature) =>
        (signature?.DataFiles ?? []).Select(file => network[..(network.LastIndexOf('/') + 1)] + file);

    /// <summary>A network's file and the weights that lie outside it, which exporters name after it.</summary>
    public static long BytesOf(string network) =>
        Directory.EnumerateFiles(Path.GetDirectoryName(network)!, Path.GetFileName(network) + "*").Select(FileState.Original).Where(File.Exists).Sum(file => FileState.Of(file).Bytes);
}
