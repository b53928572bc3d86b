using System.IO.Compression;
using RenderFarm.Diffusion.Models;
using RenderFarm.Diffusion.Onnx;
using RenderFarm.Diffusion.Tokenization;

namespace RenderFarm.Diffusion.Checkpoints;

/// <summary>What all checkpoints of a family have in common and therefore leave out.</summary>
/// <param name="OpenGraph">Opens a graph without weights by its name.</param>
/// <param name="Tokenizer">The tokenizer that pads with a token, null for the end's, up to a length.</param>
internal sealed record SharedParts(Func<string, Stream> OpenGraph, Func<string?, int, ClipTokenizer> Tokenizer)
{
    private static readonly Lazy<ClipVocabulary> Vocabulary = new(() =>
    {
        using var merges = Resource("clip-merges.txt.gz");
        return ClipVocabulary.Read(merges);
    });

    /// <summary>Those that the program brings along.</summary>
    public static SharedParts Shipped { get; } = new(name => Resource($"{name}.onnx.gz"), (pad, length) => Vocabulary.Value.Tokenizer(pad, length));

    /// <summary>A network's graph, whose weights are to be placed.</summary>
    public ModelProto Graph(ModelFamily family, string network)
    {
        using var graph = OpenGraph(NameOf(family.Generation, network));
        var model = ModelProto.Parser.ParseFrom(graph);
        if (family.IsInpainting && network == NetworkFiles.Unet)
        {
            SeeMask(model.Graph);
        }

        return model;
    }

    private static string NameOf(ModelGeneration generation, string network) => (network, generation) switch
    {
        // The families share the autoencoder, and SDXL's first text encoder is that of SD 1.
        (NetworkFiles.VaeDecoder, _) => "sd1-vae-decoder",
        (NetworkFiles.VaeEncoder, _) => "sd1-vae-encoder",
        (NetworkFiles.TextEncoder, ModelGeneration.StableDiffusion2) => "sd2-text",
        (NetworkFiles.TextEncoder, _) => "sd1-text",
        (NetworkFiles.TextEncoder2, _) => "sdxl-text2",
        (NetworkFiles.Unet, ModelGeneration.StableDiffusion1) => "sd1-unet",
        (NetworkFiles.Unet, ModelGeneration.StableDiffusion2) => "sd2-unet",
        (NetworkFiles.Unet, ModelGeneration.StableDiffusionXl) => "sdxl-unet",
        _ => throw new ArgumentException($"There is no graph of {network} of {generation}.", nameof(network)),
    };

    /// <summary>A UNet for inpainting differs in its first convolution alone, which also sees the masked picture's latents and the mask.</summary>
    private static void SeeMask(GraphProto unet)
    {
        var convolution = unet.Initializer.Single(weight => weight.Name.EndsWith(".conv_in.weight", StringComparison.Ordinal));
        var sample = unet.Input.Single(input => input.Name == NetworkFiles.Sample).Type.TensorType.Shape;
        convolution.Dims[1] = (2 * convolution.Dims[1]) + 1;
        sample.Dim[1].DimValue = convolution.Dims[1];
    }

    private static GZipStream Resource(string name) =>
        new(typeof(SharedParts).Assembly.GetManifestResourceStream(name) ?? throw new InvalidOperationException($"The program lacks its part {name}."), CompressionMode.Decompress);
}
