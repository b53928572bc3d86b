using System.Numerics.Tensors;
using System.Text.RegularExpressions;
using RenderFarm.Diffusion.Models;
using RenderFarm.Diffusion.Weights;

namespace RenderFarm.Diffusion.Checkpoints.Recognition;

/// <summary>What a UNet predicts, and what says so.</summary>
internal sealed record PredictionFound(string Type, string Source);

/// <summary>Tells what a checkpoint's UNet was trained to predict, which its weights do not show as such.</summary>
internal static partial class PredictionSigns
{
    public const string Epsilon = "epsilon";
    public const string V = "v_prediction";

    public static IReadOnlyList<string> All { get; } = [Epsilon, V];

    private const long LongestConfig = 1 << 20;

    // Of this vector the networks of SD 2 that predict v have values that lie further apart than those that predict noise:
    // an observation of other programs, used only where nothing else says what the network predicts.
    private const string TellingTensor = FileKinds.UnetPrefix + "output_blocks.11.1.transformer_blocks.0.norm1.bias";
    private const double TellingDeviation = 0.09;

    /// <param name="path">The file as it was named, which may be a link.</param>
    /// <param name="file">The file itself.</param>
    /// <param name="header">What the file holds.</param>
    /// <param name="family">What the file is.</param>
    public static PredictionFound Of(string path, string file, SafetensorsHeader header, ModelFamily family) =>
        OfTexts(header.Texts)
        ?? (header.Tensors.ContainsKey("v_pred") ? new PredictionFound(V, "the tensor v_pred") : null)
        ?? OfConfig(Path.ChangeExtension(path, ".yaml"))
        ?? OfConfig(Path.ChangeExtension(file, ".yaml"))
        ?? (family is { Generation: ModelGeneration.StableDiffusion2, IsInpainting: false } ? OfWeights(file, header) : null)
        ?? new PredictionFound(Epsilon, "the family's usual one");

    private static PredictionFound? OfTexts(IReadOnlyDictionary<string, string> texts)
    {
        if (texts.GetValueOrDefault("modelspec.prediction_type") is { } spec && TypeOf(spec) is { } type)
        {
            return new PredictionFound(type, "modelspec.prediction_type");
        }

        return texts.GetValueOrDefault("ss_v_parameterization") switch
        {
            "True" or "true" => new PredictionFound(V, "ss_v_parameterization"),
            "False" or "false" => new PredictionFound(Epsilon, "ss_v_parameterization"),
            _ => null,
        };
    }

    /// <summary>The file that the makers of SD 2 put beside their checkpoints.</summary>
    private static PredictionFound? OfConfig(string config)
    {
        if (!File.Exists(config) || new FileInfo(config).Length > LongestConfig)
        {
            return null;
        }

        var match = Parameterization().Match(File.ReadAllText(config));
        return match.Success && TypeOf(match.Groups[1].Value) is { } type ? new PredictionFound(type, Path.GetFileName(config)) : null;
    }

    private static PredictionFound? OfWeights(string file, SafetensorsHeader header)
    {
        if (!header.Tensors.TryGetValue(TellingTensor, out var tensor) || tensor.Shape.Count != 1)
        {
            return null;
        }

        using var weights = SafetensorsFile.Open(file);
        var values = weights.Floats(tensor);
        var deviation = TensorPrimitives.StdDev<float>(values);
        return new PredictionFound(deviation > TellingDeviation ? V : Epsilon, "the weights");
    }

    private static string? TypeOf(string word) => word.ToLowerInvariant() switch
    {
        "v" or "v_prediction" or "vpred" => V,
        "eps" or "epsilon" => Epsilon,
        _ => null,
    };

    [GeneratedRegex("""^\s*parameterization\s*:\s*["']?(\w+)["']?(?:\s+\#.*|\s*)$""", RegexOptions.Multiline)]
    private static partial Regex Parameterization();
}
