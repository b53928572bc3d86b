using RenderFarm.Diffusion.Models;

namespace RenderFarm.Cli.Models;

/// <summary>What a model is and can do, in lines for a reader.</summary>
internal static class ModelWords
{
    private const string Sums = "SHA256SUMS";

    public static IEnumerable<(string Fact, string Words)> Of(ModelFolder model)
    {
        yield return ("weights", model.Precision);
        yield return ("predicts", model.PredictionSource is { } source ? $"{model.PredictionType} (told by {source})" : model.PredictionType);
        yield return ("sizes", $"{model.DefaultWidth}x{model.DefaultHeight} unless asked otherwise, multiples of {model.SizeMultiple}");
        yield return ("timesteps", model.SupportsRowTimesteps
            ? "one per row: rows of a batch may differ in sampler and steps"
            : "one for all rows: a batch is split where sampler or steps differ");
        yield return ("clip skip", model.MaxClipSkip > 0 ? $"up to {model.MaxClipSkip}" : "none: the text encoder was exported without its inner layers");
        yield return ("does", string.Join(", ", Abilities(model)));
        yield return ("has", string.Join(", ", Extras(model).DefaultIfEmpty("nothing besides")));
        if (model.VaeFile is { } vae)
        {
            yield return ("vae", $"{vae}, which stays where it is");
        }

        yield return model.CheckpointFile is { } checkpoint
            ? ("file", $"{checkpoint}, which stays where it is")
            : ("digests", File.Exists(Path.Combine(model.Path, Sums)) ? $"every file agrees with {Sums}" : $"no {Sums}: the files were hashed, not checked");
    }

    private static IEnumerable<string> Abilities(ModelFolder model)
    {
        yield return "text to image";
        if (model.CanStartFromImage)
        {
            yield return "image to image";
            yield return model.IsInpainting ? "inpainting (the UNet sees the mask)" : "inpainting (by blending)";
        }
        else
        {
            yield return "no image to image and no inpainting, because there is no vae_encoder/model.onnx";
        }
    }

    private static IEnumerable<string> Extras(ModelFolder model)
    {
        if (model.HasControlNet)
        {
            yield return "a ControlNet";
        }

        if (model.HasSafetyChecker)
        {
            yield return "a safety checker";
        }

        if (model.HasClip)
        {
            yield return "a CLIP that chooses the best of several";
        }

        if (model.HasPreviewDecoder)
        {
            yield return "a small decoder for previews";
        }
    }
}
