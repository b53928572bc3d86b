using RenderFarm.Diffusion.Checkpoints.Keys;
using RenderFarm.Diffusion.Models;
using RenderFarm.Diffusion.Models.Reading;
using RenderFarm.Diffusion.Weights;

namespace RenderFarm.Diffusion.Checkpoints.Recognition;

/// <summary>A file that can be rendered with, known by its header.</summary>
internal sealed record RecognizedCheckpoint(string File, SafetensorsHeader Header, ModelFamily Family, TensorElement Element, PredictionFound Prediction)
{
    private const string FirstConvolution = FileKinds.UnetPrefix + "input_blocks.0.0.weight";
    private const string FirstProjection = FileKinds.UnetPrefix + "input_blocks.1.1.proj_in.weight";

    private const int LatentChannels = 4;
    private const int InpaintingChannels = 9;

    /// <summary>Whether its autoencoder is in it, which some leave out.</summary>
    public bool HasVae => Header.Tensors.Keys.Any(name => name.StartsWith(VaeKeys.InCheckpoint, StringComparison.Ordinal));

    /// <summary>Reads the header alone. Throws <see cref="ModelFolderException"/> with what the file is instead, where it is no checkpoint that can be used.</summary>
    /// <param name="path">The file, or a link to it.</param>
    /// <param name="prediction">What its UNet predicts, where the caller knows better than the file; null asks the file.</param>
    public static RecognizedCheckpoint Read(string path, string? prediction = null)
    {
        // The runtime looks for weights in the folder of the file itself.
        var file = Sound(path, () => FileState.Original(path));
        var header = ReadHeader(file);
        var kind = FileKinds.Of(header);
        if (kind != FileKind.Checkpoint)
        {
            var architecture = header.Texts.GetValueOrDefault("modelspec.architecture") is { } stated ? $" ({stated})" : "";
            throw Refused(file, $"It is {FileKinds.Words(kind)}{architecture}.", FileKinds.Fix(kind));
        }

        var family = FamilyOf(file, header);
        var found = prediction is null ? Sound(file, () => PredictionSigns.Of(path, file, header, family)) : ToldByAdder(prediction);
        return header.Tensors.ContainsKey("ztsnr")
            ? throw Refused(file, "It was trained with noise up to zero signal (ztsnr), which is not supported.", FileKinds.Supported)
            : new RecognizedCheckpoint(file, header, family, ElementOf(header), found);
    }

    /// <summary>Reads the header of a file that was added before, when it was found or said what its UNet predicts.</summary>
    public static RecognizedCheckpoint ReadAdded(string path, string prediction)
    {
        var found = Read(path);
        return found.Prediction.Type == prediction ? found : found with { Prediction = ToldByAdder(prediction) };
    }

    /// <summary>The header of a file of weights. Throws <see cref="ModelFolderException"/> where it is of another format or not sound.</summary>
    public static SafetensorsHeader ReadHeader(string file) =>
        Sound(file, () => ForeignFormat.Of(file) is { } foreign ? throw Refused(file, foreign.Problem, foreign.Fix) : SafetensorsHeader.Read(file));

    public static ModelFolderException Refused(string file, string problem, string fix, Exception? inner = null) =>
        new(Path.GetDirectoryName(Path.GetFullPath(file))!, Path.GetFileName(file), problem, fix, inner);

    private static PredictionFound ToldByAdder(string prediction) => new(prediction, "the one who added it");

    private static T Sound<T>(string file, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw Refused(file, $"It cannot be read: {exception.Message}", "Make the file readable.", exception);
        }
        catch (WeightFileException exception)
        {
            throw Refused(file, exception.Message, "Download the file again.", exception);
        }
    }

    private static ModelFamily FamilyOf(string file, SafetensorsHeader header)
    {
        var channels = header.Tensors.GetValueOrDefault(FirstConvolution)?.Shape is [_, var inputs, _, _] ? inputs : 0;
        return channels is LatentChannels or InpaintingChannels
            ? new ModelFamily(GenerationOf(header), IsConsistencyModel: false, channels == InpaintingChannels)
            : throw Refused(
                file,
                $"Its UNet sees {channels} channels; {LatentChannels} (text to image) or {InpaintingChannels} (inpainting) are needed.",
                "Upscalers, models that see depth and models edited by instruction are not supported.");
    }

    // The text encoder says it; where two would do, so does the projection, which is a convolution in SD 1 alone.
    private static ModelGeneration GenerationOf(SafetensorsHeader header) =>
        header.Tensors.Keys.Any(name => name.StartsWith(FileKinds.UnetPrefix + "label_emb.", StringComparison.Ordinal)) ? ModelGeneration.StableDiffusionXl
        : header.Tensors.Keys.Any(name => name.StartsWith(SingleFileKeys.OpenClip, StringComparison.Ordinal))
            || header.Tensors.GetValueOrDefault(FirstProjection)?.Shape.Count == 2 ? ModelGeneration.StableDiffusion2
        : ModelGeneration.StableDiffusion1;

    /// <summary>The element type that most of the UNet has.</summary>
    private static TensorElement ElementOf(SafetensorsHeader header) => header.Tensors.Values
        .Where(tensor => tensor.Name.StartsWith(FileKinds.UnetPrefix, StringComparison.Ordinal))
        .GroupBy(tensor => tensor.Element)
        .MaxBy(group => group.Sum(tensor => tensor.ByteCount))!.Key;
}
