using System.Numerics.Tensors;
using System.Text.Json;
using Microsoft.ML.OnnxRuntime;
using RenderFarm.Diffusion.Models;
using RenderFarm.Diffusion.Onnx;
using RenderFarm.Diffusion.Runtime;
using RenderFarm.Diffusion.Tokenization;

namespace RenderFarm.Diffusion.Scoring;

/// <summary>
/// Says how well pictures fit prompts, by CLIP (arXiv:2103.00020): the cosine of the angle between the embeddings of both.
/// Reads a folder with a text and a vision network in the layout of transformers.js. For one caller at a time.
/// </summary>
public sealed class ClipScorer : IDisposable
{
    private const string TextNetwork = "onnx/text_model.onnx";
    private const string VisionNetwork = "onnx/vision_model.onnx";
    private const string InputIds = "input_ids";
    private const string TextEmbedding = "text_embeds";
    private const string PixelValues = "pixel_values";
    private const string ImageEmbedding = "image_embeds";
    private const int DefaultLength = 77;

    private readonly ClipTokenizer _tokenizer;
    private readonly PictureInput _input;
    private readonly InferenceSession _text;
    private readonly InferenceSession _vision;

    private ClipScorer(ClipTokenizer tokenizer, PictureInput input, InferenceSession text, InferenceSession vision)
    {
        _tokenizer = tokenizer;
        _input = input;
        _text = text;
        _vision = vision;
    }

    /// <summary>Checks a CLIP folder and loads its two networks.</summary>
    /// <exception cref="ModelFolderException">The folder cannot be used; says everything that is wrong with it.</exception>
    /// <exception cref="DeviceException">The device is unknown or not there.</exception>
    public static ClipScorer Load(string folder, string device = "cpu", int threads = 0)
    {
        var problems = new ProblemList(Path.GetFullPath(folder));
        var input = PictureInput.Read(problems);
        var tokenizer = ClipTokenizer.Read(problems, "", LengthOf(ModelJson.Read("config.json", problems)));
        CheckNetwork(problems, TextNetwork, InputIds, OnnxElement.Int64, TextEmbedding);
        CheckNetwork(problems, VisionNetwork, PixelValues, OnnxElement.Float32, ImageEmbedding);
        if (problems.Count > 0)
        {
            throw new ModelFolderException(problems.Folder, problems.Problems);
        }

        using var options = InferenceDevice.Parse(device).CreateSessionOptions(new DeviceSettings(threads));
        var text = LoadNetwork(problems, TextNetwork, options);
        try
        {
            return new ClipScorer(tokenizer!, input!, text, LoadNetwork(problems, VisionNetwork, options));
        }
        catch
        {
            text.Dispose();
            throw;
        }
    }

    /// <summary>The cosine similarity of a prompt, cut to the network's length, and a picture of rows of pixels, three bytes each.</summary>
    public double Score(string prompt, ReadOnlySpan<byte> rgb, int width, int height)
    {
        using var options = new RunOptions();
        return Similarity(EmbedText(prompt, options), EmbedPicture(rgb, width, height, options));
    }

    public void Dispose()
    {
        _text.Dispose();
        _vision.Dispose();
    }

    internal static double Similarity(ReadOnlySpan<float> text, ReadOnlySpan<float> picture) => TensorPrimitives.CosineSimilarity(text, picture);

    internal float[] EmbedText(string prompt, RunOptions options)
    {
        var tokens = _tokenizer.Encode(prompt);
        using var ids = OrtValue.CreateTensorValueFromMemory([.. tokens.Select(token => (long)token)], [1, tokens.Length]);
        return Run(_text, InputIds, ids, TextEmbedding, options);
    }

    internal float[] EmbedPicture(ReadOnlySpan<byte> rgb, int width, int height, RunOptions options)
    {
        var values = new float[_input.Size];
        _input.Fill(rgb, width, height, values);
        using var pixels = OrtValue.CreateTensorValueFromMemory(values, [1, PictureInput.Channels, _input.CropHeight, _input.CropWidth]);
        return Run(_vision, PixelValues, pixels, ImageEmbedding, options);
    }

    private static float[] Run(InferenceSession network, string inputName, OrtValue input, string outputName, RunOptions options)
    {
        using var outputs = network.Run(options, [inputName], [input], [outputName]);
        return outputs[0].GetTensorDataAsSpan<float>().ToArray();
    }

    private static int LengthOf(ModelJson? config) =>
        config?.Find("text_config") is { ValueKind: JsonValueKind.Object } text
        && text.TryGetProperty("max_position_embeddings", out var length) && length.TryGetInt32(out var tokens) && tokens > 2
            ? tokens
            : DefaultLength;

    private static void CheckNetwork(ProblemList problems, string file, string input, OnnxElement element, string output)
    {
        if (!File.Exists(problems.PathOf(file)))
        {
            problems.Add(file, "The file is missing.", "Copy the whole folder, or export the model for transformers.js.");
            return;
        }

        try
        {
            var signature = OnnxGraphFile.Read(problems.PathOf(file)).Signature();
            if (signature.Input(input)?.Element != element || signature.Inputs.Count != 1 || signature.Output(output)?.Element != OnnxElement.Float32)
            {
                problems.Add(
                    file,
                    $"It turns {string.Join(", ", signature.Inputs)} into {string.Join(", ", signature.Outputs)}; needed is {input} ({element}) into {output} (Float32).",
                    "Use the text and vision networks with projection, exported apart.");
            }
        }
        catch (ModelFolderException exception)
        {
            problems.Add(file, exception.Problem, exception.Fix);
        }
    }

    private static InferenceSession LoadNetwork(ProblemList problems, string file, SessionOptions options)
    {
        try
        {
            return new InferenceSession(problems.PathOf(file), options);
        }
        catch (OnnxRuntimeException exception)
        {
            throw new ModelFolderException(problems.Folder, file, $"ONNX Runtime cannot load it: {exception.Message}.", "Download or export the file again.", exception);
        }
    }
}
