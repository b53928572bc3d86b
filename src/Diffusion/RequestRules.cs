using System.Globalization;
using RenderFarm.Diffusion.Control;
using RenderFarm.Diffusion.Hires;
using RenderFarm.Diffusion.ImageToImage;
using RenderFarm.Diffusion.Lora;
using RenderFarm.Diffusion.Models;
using RenderFarm.Diffusion.Noise;
using RenderFarm.Diffusion.Prompts;
using RenderFarm.Diffusion.Samplers;

namespace RenderFarm.Diffusion;

/// <summary>What a model can render, field by field.</summary>
internal static class RequestRules
{
    public const int MaxSide = 4096;
    private const int MaxToldSize = 65_536;
    private const double MaxGuidance = 100;

    /// <summary>The request with the model's own size where none is given.</summary>
    public static ImageRequest WithSize(ImageRequest request, ModelFolder model) => request with
    {
        Width = request.Width == 0 ? model.DefaultWidth : request.Width,
        Height = request.Height == 0 ? model.DefaultHeight : request.Height,
    };

    /// <summary>Throws <see cref="RenderRequestException"/> for the first field that the model cannot do.</summary>
    public static void Check(ImageRequest request, ModelFolder model)
    {
        CheckName(nameof(request.PromptSyntax), request.PromptSyntax, PromptSyntaxNames.All);
        CheckName(nameof(request.Emphasis), request.Emphasis, EmphasisNames.All);
        PromptRules.Check(request, model);
        CheckSide(nameof(request.Width), request.Width, model);
        CheckSide(nameof(request.Height), request.Height, model);
        CheckRange(nameof(request.Guidance), request.Guidance, 0, MaxGuidance);
        CheckRange(nameof(request.GuidanceRescale), request.GuidanceRescale, 0, 1);
        CheckName(nameof(request.Sampler), request.Sampler, SamplerTable.Names);
        var sampler = SamplerTable.Named(request.Sampler);
        CheckName(nameof(request.Schedule), request.Schedule, sampler.Schedules);
        CheckRange(nameof(request.Steps), request.Steps, sampler.MinSteps, Math.Min(model.MaxSteps, sampler.MaxSteps(model.Parts.Scheduler)));
        NoiseRules.Check(request, sampler, model);
        CheckXlOnly(request, model);
        if (request.ClipSkip < 0 || request.ClipSkip > model.MaxClipSkip)
        {
            throw new RenderRequestException(
                nameof(request.ClipSkip),
                Text(request.ClipSkip),
                model.MaxClipSkip > 0 ? $"0 to {model.MaxClipSkip}" : $"only 0, because the text encoder of {model.Name} was exported without its inner layers");
        }

        LoraRules.Check(request);
        StartRules.Check(request, model);
        ControlRules.Check(request, model);
        SecondPass.Check(request, model);
    }

    /// <summary>What only SDXL is told.</summary>
    private static void CheckXlOnly(ImageRequest request, ModelFolder model)
    {
        foreach (var (field, given) in new (string, string?)[] { (nameof(request.Prompt2), request.Prompt2), (nameof(request.NegativePrompt2), request.NegativePrompt2) })
        {
            if (given is not null && !model.Parts.Family.IsXl)
            {
                throw new RenderRequestException(field, $"'{given}'", $"null, because {model.Name} ({model.Family}) has one text encoder");
            }
        }

        foreach (var (field, given) in new[]
        {
            (nameof(request.OriginalWidth), request.OriginalWidth), (nameof(request.OriginalHeight), request.OriginalHeight),
            (nameof(request.CropLeft), request.CropLeft), (nameof(request.CropTop), request.CropTop),
            (nameof(request.TargetWidth), request.TargetWidth), (nameof(request.TargetHeight), request.TargetHeight),
        })
        {
            if (given != 0 && !model.Parts.Family.IsXl)
            {
                throw new RenderRequestException(field, Text(given), $"0, because {model.Name} ({model.Family}) is not told sizes");
            }

            CheckRange(field, given, 0, MaxToldSize);
        }
    }

    /// <summary>Throws where two requests cannot go through the UNet together.</summary>
    public static void CheckBatch(IReadOnlyList<ImageRequest> batch, ModelFolder model)
    {
        if (batch.Count == 0)
        {
            throw new RenderRequestException("batch", "empty", "one request or more");
        }

        var first = batch[0];
        foreach (var request in batch)
        {
            Check(request, model);
            Same(nameof(request.Width), request.Width, first.Width);
            Same(nameof(request.Height), request.Height, first.Height);
            Same(nameof(request.Tiling), request.Tiling, first.Tiling);
            Same(nameof(request.Loras), LoraRules.Text(request), LoraRules.Text(first));
            Same(nameof(request.Hires), SecondPass.SizeOf(request), SecondPass.SizeOf(first));
            if (!model.SupportsRowTimesteps)
            {
                Same(nameof(request.Sampler), request.Sampler, first.Sampler);
                Same(nameof(request.Schedule), request.Schedule, first.Schedule);
                Same(nameof(request.Steps), request.Steps, first.Steps);
            }
        }
    }

    public static bool CanShareBatch(ImageRequest a, ImageRequest b, ModelFolder model) =>
        (a.Width, a.Height, a.Tiling, SecondPass.SizeOf(a)) == (b.Width, b.Height, b.Tiling, SecondPass.SizeOf(b))
        && LoraRules.Text(a) == LoraRules.Text(b)
        && (model.SupportsRowTimesteps || (a.Sampler, a.Schedule, a.Steps) == (b.Sampler, b.Schedule, b.Steps));

    private static void CheckSide(string field, int side, ModelFolder model)
    {
        if (side < model.SizeMultiple || side > MaxSide || side % model.SizeMultiple != 0)
        {
            throw new RenderRequestException(field, Text(side), $"a multiple of {model.SizeMultiple} from {model.SizeMultiple} to {MaxSide}");
        }
    }

    public static void CheckRange(string field, double value, double from, double to)
    {
        if (!(value >= from && value <= to))
        {
            throw new RenderRequestException(field, Text(value), $"{Text(from)} to {Text(to)}");
        }
    }

    public static void CheckName(string field, string name, IReadOnlyList<string> allowed)
    {
        if (!allowed.Contains(name))
        {
            throw new RenderRequestException(field, $"'{name}'", $"one of {string.Join(", ", allowed)}");
        }
    }

    private static void Same<T>(string field, T value, T first)
    {
        if (!EqualityComparer<T>.Default.Equals(value, first))
        {
            throw new RenderRequestException(field, $"{value}", $"{first}, as in the first request of the batch");
        }
    }

    public static string Text(double value) => value.ToString(CultureInfo.InvariantCulture);
}
