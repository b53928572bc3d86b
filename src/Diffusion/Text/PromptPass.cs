namespace RenderFarm.Diffusion.Text;

/// <summary>
/// What reading a prompt depends on beside its text. Steps are evaluations of the network, of which a sampler may take two a step;
/// the second pass of two has steps of its own, and prompts count on into it.
/// </summary>
internal readonly record struct PromptPass(int Steps, int? SecondSteps, string Emphasis, int ClipSkip)
{
    /// <summary>A request's only pass, or its first.</summary>
    public static PromptPass First(ImageRequest request, int evaluationsPerStep) =>
        new(request.Steps * evaluationsPerStep, null, request.Emphasis, request.ClipSkip);
}
