namespace RenderFarm.Diffusion.Models;

/// <summary>The three networks of a text-to-image folder, and the names their inputs and outputs must have.</summary>
internal static class NetworkFiles
{
    public const string TextEncoder = "text_encoder/model.onnx";
    public const string Unet = "unet/model.onnx";
    public const string VaeDecoder = "vae_decoder/model.onnx";

    public const string InputIds = "input_ids";
    public const string LastHiddenState = "last_hidden_state";
    public const string Sample = "sample";
    public const string Timestep = "timestep";
    public const string Conditioning = "encoder_hidden_states";
    public const string OutSample = "out_sample";
    public const string LatentSample = "latent_sample";

    private const string ExportAgain = "Export the model with Optimum (task text-to-image, float32).";

    public static string NormedHiddenState(int layer) => $"normed_hidden_states.{layer}";

    public static OnnxSignature? ReadTextEncoder(ProblemList problems) =>
        Check(problems, TextEncoder, [new(InputIds, OnnxElement.Int64, OnnxElement.Int32)], [new(LastHiddenState, OnnxElement.Float32)]);

    public static OnnxSignature? ReadUnet(ProblemList problems)
    {
        var signature = Check(
            problems,
            Unet,
            [
                new(Sample, OnnxElement.Float32),
                new(Timestep, OnnxElement.Float32, OnnxElement.Int64),
                new(Conditioning, OnnxElement.Float32),
            ],
            [new(OutSample, OnnxElement.Float32)]);
        if (signature?.Input(Timestep) is { Shape.Count: > 1 } timestep)
        {
            problems.Add(Unet, $"The input {timestep} must be a scalar or have one dimension.", ExportAgain);
        }

        return signature;
    }

    public static OnnxSignature? ReadVaeDecoder(ProblemList problems) =>
        Check(problems, VaeDecoder, [new(LatentSample, OnnxElement.Float32)], [new(Sample, OnnxElement.Float32)]);

    private static OnnxSignature? Check(ProblemList problems, string file, Needed[] inputs, Needed[] outputs)
    {
        var path = problems.PathOf(file);
        if (!File.Exists(path))
        {
            problems.Add(file, "The file is missing.", "Copy the whole folder, or export the model with Optimum.");
            return null;
        }

        OnnxSignature signature;
        try
        {
            signature = OnnxSignature.Read(path);
        }
        catch (Exception exception) when (exception is IOException or InvalidDataException or UnauthorizedAccessException or ArgumentOutOfRangeException or OverflowException)
        {
            problems.Add(file, $"It cannot be read as an ONNX model: {exception.Message}.", "Download or export the file again.");
            return null;
        }

        CheckValues(problems, file, "input", signature.Inputs, inputs);
        CheckValues(problems, file, "output", signature.Outputs, outputs);
        foreach (var extra in signature.Inputs.Where(input => inputs.All(needed => needed.Name != input.Name)))
        {
            problems.Add(file, $"It asks for an input {extra} that a {string.Join(", ", inputs.Select(needed => needed.Name))} network does not have.", "This kind of network is not supported.");
        }

        return signature;
    }

    private static void CheckValues(ProblemList problems, string file, string kind, IReadOnlyList<OnnxValue> found, Needed[] needed)
    {
        foreach (var value in needed)
        {
            if (found.FirstOrDefault(candidate => candidate.Name == value.Name) is not { } match)
            {
                problems.Add(file, $"It has no {kind} {value.Name}; its {kind}s are {string.Join(", ", found)}.", ExportAgain);
            }
            else if (!value.Elements.Contains(match.Element))
            {
                problems.Add(file, $"The {kind} {match} must be {string.Join(" or ", value.Elements)}.", ExportAgain);
            }
        }
    }

    private sealed record Needed(string Name, params OnnxElement[] Elements);
}
