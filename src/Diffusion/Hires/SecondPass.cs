using RenderFarm.Diffusion.Lora;
using RenderFarm.Diffusion.Models;

namespace RenderFarm.Diffusion.Hires;

/// <summary>The second pass of a request as a request of its own.</summary>
internal static class SecondPass
{
    private const string Field = nameof(ImageRequest.Hires);

    // Of a strength of 1 there is no path left to be longer than.
    private const double MostStrength = 0.999;

    /// <summary>The request of the second pass, at its size; its schedule is as long as makes the walked part its steps.</summary>
    public static ImageRequest Of(ImageRequest request)
    {
        var hires = request.Hires!;
        var (width, height) = SizeOf(request)!.Value;
        return request with
        {
            Width = width,
            Height = height,
            Steps = (int)(Walked(request) / Math.Min(hires.Strength, MostStrength)),
            Sampler = hires.Sampler ?? request.Sampler,
            Schedule = hires.Schedule ?? request.Schedule,
            Prompt = hires.Prompt ?? request.Prompt,
            NegativePrompt = hires.NegativePrompt ?? request.NegativePrompt,
            Hires = null,
        };
    }

    /// <summary>The size of the second pass; null where there is none.</summary>
    public static (int Width, int Height)? SizeOf(ImageRequest request) => request.Hires switch
    {
        null => null,
        { Width: > 0 } hires => (hires.Width, hires.Height),
        { } hires => ((int)Math.Round(request.Width * hires.Scale), (int)Math.Round(request.Height * hires.Scale)),
    };

    /// <summary>How many steps of the schedule the second pass walks: as stable-diffusion-webui, all that were asked for.</summary>
    public static int Walked(ImageRequest request) => request.Hires!.Steps > 0 ? request.Hires.Steps : request.Steps;

    /// <summary>Throws <see cref="RenderRequestException"/> for the first field that cannot be done.</summary>
    public static void Check(ImageRequest request, ModelFolder model)
    {
        if (request.Hires is not { } hires)
        {
            return;
        }

        if (request.Start is not null)
        {
            throw Wrong("", "a second pass", "nothing beside a start image, whose size is the request's own");
        }

        RequestRules.CheckRange($"{Field}.{nameof(hires.Strength)}", hires.Strength, 0.01, 1);
        RequestRules.CheckRange($"{Field}.{nameof(hires.Scale)}", hires.Scale, 1, 8);
        RequestRules.CheckRange($"{Field}.{nameof(hires.Steps)}", hires.Steps, 0, model.MaxSteps);
        if ((hires.Width > 0) != (hires.Height > 0))
        {
            throw Wrong($".{nameof(hires.Width)}", $"{hires.Width}x{hires.Height}", "both sides, or neither");
        }

        if (!UpscalerNames.All.Contains(hires.Upscaler))
        {
            throw Wrong($".{nameof(hires.Upscaler)}", $"'{hires.Upscaler}'", $"one of {string.Join(", ", UpscalerNames.All)}");
        }

        if (Resizing.Upscaler.Latent(hires.Upscaler) is null && model.Parts.EncoderNetwork is null)
        {
            throw Wrong($".{nameof(hires.Upscaler)}", $"'{hires.Upscaler}'", $"one that works on latents, because {model.Name} has no {NetworkFiles.VaeEncoder}");
        }

        if (LoraRules.Text(Of(request)) != LoraRules.Text(request))
        {
            throw Wrong($".{nameof(hires.Prompt)}", $"'{hires.Prompt}'", $"a prompt with the LoRAs of the first pass: {LoraRules.Text(request)}");
        }

        try
        {
            RequestRules.Check(Of(request), model);
        }
        catch (RenderRequestException exception)
        {
            throw Wrong($".{exception.Field}", exception.Given, exception.Allowed);
        }
    }

    private static RenderRequestException Wrong(string field, string given, string allowed) => new($"{Field}{field}", given, allowed);
}
