using RenderFarm.Diffusion.Samplers;

namespace RenderFarm.Diffusion.Text;

/// <summary>
/// What reading a prompt depends on beside its text. Steps are evaluations of the network, of which a sampler may take two a step;
/// the second pass of two has steps of its own, and prompts count on into it.
/// </summary>
internal readonly record struct PromptPass(int Steps, int? SecondSteps, string Emphasis, int ClipSkip)
{
    /// <summary>A request's only pass, or its first.</summary>
    public static PromptPass First(ImageRequest request) => new(EvaluationsOf(request, request.Steps), null, request.Emphasis, request.ClipSkip);

    /// <summary>The second pass of two, which takes so many steps.</summary>
    public static PromptPass Second(ImageRequest first, ImageRequest second, int steps) =>
        First(first) with { SecondSteps = EvaluationsOf(second, steps) };

    private static int EvaluationsOf(ImageRequest request, int steps) => steps * SamplerTable.Named(request.Sampler).EvaluationsPerStep;
}
