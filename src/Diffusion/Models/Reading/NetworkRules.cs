using RenderFarm.Diffusion.Onnx;

namespace RenderFarm.Diffusion.Models.Reading;

/// <summary>Reads the networks' signatures and notes where one lacks what rendering needs, or asks for what nobody can give.</summary>
internal static class NetworkRules
{
    private const string ExportAgain = "Export the model with Optimum (see docs/models.md).";

    /// <summary>How many sizes SDXL is told: of the original, of the crop's corner and of the target, two each.</summary>
    public const int Sizes = 6;

    public static readonly OnnxElement[] Floats = [OnnxElement.Float32, OnnxElement.Float16];

    private static readonly string[] Optional = [NetworkFiles.PooledText, NetworkFiles.TimeIds, NetworkFiles.GuidanceEmbedding];

    // A UNet made for a ControlNet asks for these always, and is given zeros without one. No UNet in use has more places.
    private static readonly string[] Residuals = [.. Enumerable.Range(0, 32).Select(NetworkFiles.DownResidual), NetworkFiles.MidResidual];

    public static OnnxSignature? ReadTextEncoder(ProblemList problems, string file) =>
        Read(problems, file, [new(NetworkFiles.InputIds, OnnxElement.Int64, OnnxElement.Int32)], [], []);

    public static OnnxSignature? ReadUnet(ProblemList problems)
    {
        var signature = Read(
            problems,
            NetworkFiles.Unet,
            [
                new(NetworkFiles.Sample, Floats),
                new(NetworkFiles.Timestep, [.. Floats, OnnxElement.Int64]),
                new(NetworkFiles.Conditioning, Floats),
            ],
            [new(NetworkFiles.OutSample, Floats)],
            [.. Optional, .. Residuals]);
        if (signature?.Input(NetworkFiles.Timestep) is { Shape.Count: > 1 } timestep)
        {
            problems.Add(NetworkFiles.Unet, $"The input {timestep} must be a scalar or have one dimension.", ExportAgain);
        }

        return signature;
    }

    public static OnnxSignature? ReadDecoder(ProblemList problems) =>
        Read(problems, NetworkFiles.VaeDecoder, [new(NetworkFiles.LatentSample, Floats)], [new(NetworkFiles.Sample, Floats)], []);

    /// <summary>The autoencoder's first half, which only work on given pictures needs.</summary>
    public static OnnxSignature? ReadEncoder(ProblemList problems) => File.Exists(problems.PathOf(NetworkFiles.VaeEncoder))
        ? Read(problems, NetworkFiles.VaeEncoder, [new(NetworkFiles.Sample, Floats)], [new(NetworkFiles.LatentParameters, Floats)], [])
        : null;

    /// <summary>Notes where a text encoder lacks the outputs that its family is conditioned on.</summary>
    public static void CheckText(ProblemList problems, TextParts text)
    {
        CheckValues(problems, text.NetworkFile, "output", text.Network.Outputs, [new(text.HiddenOutput(clipSkip: 0), Floats)]);
        if (text.IsPooled && text.Pooled is null)
        {
            problems.Add(text.NetworkFile, $"It has no output {NetworkFiles.PooledText}; its outputs are {string.Join(", ", text.Network.Outputs)}.", ExportAgain);
        }
    }

    /// <summary>Notes where the UNet's inputs are of another width than what would be given to them.</summary>
    public static void CheckUnet(ProblemList problems, ModelParts parts)
    {
        CheckWidth(NetworkFiles.Conditioning, parts.ConditioningWidth, "the text encoders give");
        if (parts.Family.IsXl)
        {
            CheckValues(problems, NetworkFiles.Unet, "input", parts.UnetNetwork.Inputs, [new(NetworkFiles.TimeIds, Floats)]);
            CheckWidth(NetworkFiles.PooledText, parts.PooledWidth, "the second text encoder gives");
            CheckWidth(NetworkFiles.TimeIds, Sizes, "an SDXL base model takes");
        }

        if (parts.Family.IsConsistencyModel)
        {
            CheckWidth(NetworkFiles.GuidanceEmbedding, parts.Unet.GuidanceWidth, "time_cond_proj_dim is");
        }

        void CheckWidth(string name, int width, string whose)
        {
            if (parts.UnetNetwork.Input(name) is not { } input)
            {
                return;
            }

            if (!Floats.Contains(input.Element))
            {
                problems.Add(NetworkFiles.Unet, $"The input {input} must be {string.Join(" or ", Floats)}.", ExportAgain);
            }
            else if (input.Shape is { Count: > 1 } shape && shape[^1] >= 0 && shape[^1] != width)
            {
                problems.Add(NetworkFiles.Unet, $"The input {input} takes {shape[^1]} values, but {whose} {width}.", "Use text encoders and a UNet of the same model.");
            }
        }
    }

    /// <summary>Reads a network and checks its inputs, of which it may have no others, and its outputs, of which it may.</summary>
    public static OnnxSignature? Read(ProblemList problems, string file, Needed[] inputs, Needed[] outputs, string[] optional)
    {
        if (Read(problems, file) is not { } signature)
        {
            return null;
        }

        CheckValues(problems, file, "input", signature.Inputs, inputs);
        CheckValues(problems, file, "output", signature.Outputs, outputs);
        foreach (var extra in signature.Inputs.Where(input => inputs.All(needed => needed.Name != input.Name) && !optional.Contains(input.Name)))
        {
            problems.Add(file, $"It asks for an input {extra}, which no supported family has; known are {string.Join(", ", [.. inputs.Select(needed => needed.Name), .. optional.Except(Residuals)])}.", "This kind of network is not supported.");
        }

        return signature;
    }

    /// <summary>Reads a network's signature, or notes why it cannot be read and returns null.</summary>
    public static OnnxSignature? Read(ProblemList problems, string file)
    {
        var path = problems.PathOf(file);
        if (!File.Exists(path))
        {
            problems.Add(file, "The file is missing.", "Copy the whole folder, or export the model with Optimum.");
            return null;
        }

        try
        {
            return OnnxGraphFile.Read(path).Signature();
        }
        catch (ModelFolderException exception)
        {
            problems.Add(file, exception.Problem, exception.Fix);
            return null;
        }
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

    /// <summary>An input or output that a network must have, and the element types it may be of.</summary>
    public sealed record Needed(string Name, params OnnxElement[] Elements);
}
