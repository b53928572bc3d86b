using Microsoft.ML.OnnxRuntime;
using RenderFarm.Diffusion.Models;
using RenderFarm.Diffusion.Text;

namespace RenderFarm.Diffusion.Denoising;

/// <summary>A request's prompts as guidance, in either syntax.</summary>
internal static class RequestGuidance
{
    public static Guidance Of(ImageRequest request, PromptPass pass, ModelFamily family, PromptEncoder text, RunOptions options, CancellationToken ct) =>
        request.PromptSyntax == PromptSyntaxNames.Webui
            ? OfWebui(request, pass, family, text.Webui, options, ct)
            : OfLiteral(request, family, text, options, ct);

    private static Guidance OfLiteral(ImageRequest request, ModelFamily family, PromptEncoder text, RunOptions options, CancellationToken ct)
    {
        // A consistency model is told the guidance instead of being asked twice.
        var isGuided = request.Guidance > 1 && !family.IsConsistencyModel;
        var prompt = ConditioningSchedule.Always(text.Encode(request.Prompt, request.Prompt2, request.ClipSkip, options, ct));
        var negative = isGuided
            ? ConditioningSchedule.Always(text.EncodeNegative(request.NegativePrompt, request.NegativePrompt2, options, ct))
            : null;
        return new Guidance(request.Guidance, request.GuidanceRescale, [(prompt, 1)], negative);
    }

    /// <summary>
    /// As stable-diffusion-webui 1.10: clip skip is for the negative prompt too, prompts change by the number of the evaluation, and a
    /// scale below 1 is one. Only where the negative prompt cancels out, at scale 1 of one prompt of weight 1, does it not run.
    /// </summary>
    private static Guidance OfWebui(ImageRequest request, PromptPass pass, ModelFamily family, WebuiPromptEncoder text, RunOptions options, CancellationToken ct)
    {
        var prompts = text.Encode(request.Prompt, pass, options, ct);
        var isGuided = !family.IsConsistencyModel && (request.Guidance != 1 || prompts is not [(_, 1.0)]);
        var negative = isGuided ? text.EncodeNegative(request.NegativePrompt, pass, options, ct) : null;
        return new Guidance(request.Guidance, request.GuidanceRescale, prompts, negative);
    }
}
