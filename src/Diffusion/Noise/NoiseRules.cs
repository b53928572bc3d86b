using RenderFarm.Diffusion.Models;
using RenderFarm.Diffusion.Samplers;

namespace RenderFarm.Diffusion.Noise;

/// <summary>What a request may say about noise.</summary>
internal static class NoiseRules
{
    private const double MaxChurn = 100;
    private const double MaxNoiseScale = 10;

    /// <summary>Throws <see cref="RenderRequestException"/> for the first field that cannot be done.</summary>
    public static void Check(ImageRequest request, ISampler sampler, ModelFolder model)
    {
        CheckTaken(request, nameof(request.Eta), request.Eta ?? 0, 0, 1, sampler.TakesEta ? null : 0);
        CheckTaken(request, Name(nameof(request.Churn), nameof(Churn.Amount)), request.Churn.Amount, 0, MaxChurn, sampler.TakesChurn ? null : 0);
        RequestRules.CheckRange(Name(nameof(request.Churn), nameof(Churn.From)), request.Churn.From, 0, double.MaxValue);
        RequestRules.CheckRange(Name(nameof(request.Churn), nameof(Churn.To)), request.Churn.To, request.Churn.From, double.PositiveInfinity);
        CheckTaken(request, nameof(request.NoiseScale), request.NoiseScale, 0, MaxNoiseScale, sampler.TakesNoiseScale ? null : 1);

        var noise = request.Noise;
        RequestRules.CheckName(Name(nameof(request.Noise), nameof(noise.Source)), noise.Source, NoiseSourceNames.All);
        RequestRules.CheckRange(Name(nameof(request.Noise), nameof(noise.VariationStrength)), noise.VariationStrength, 0, 1);
        if ((noise.ResizeFromWidth, noise.ResizeFromHeight) != (0, 0))
        {
            RequestRules.CheckRange(Name(nameof(request.Noise), nameof(noise.ResizeFromWidth)), noise.ResizeFromWidth, model.LatentFactor, RequestRules.MaxSide);
            RequestRules.CheckRange(Name(nameof(request.Noise), nameof(noise.ResizeFromHeight)), noise.ResizeFromHeight, model.LatentFactor, RequestRules.MaxSide);
        }
    }

    /// <summary>Checks what only some samplers take; the others have but one value.</summary>
    private static void CheckTaken(ImageRequest request, string field, double value, double from, double to, double? only)
    {
        RequestRules.CheckRange(field, value, from, to);
        if (only is { } allowed && value != allowed)
        {
            throw new RenderRequestException(field, RequestRules.Text(value), $"{RequestRules.Text(allowed)} for the sampler {request.Sampler}");
        }
    }

    private static string Name(string record, string field) => $"{record}.{field}";
}
