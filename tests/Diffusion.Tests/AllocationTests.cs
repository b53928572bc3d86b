namespace RenderFarm.Diffusion.Tests;

public sealed class AllocationTests(LoadedModels models)
{
    public static TheoryData<string> Samplers => [.. SamplerNames.All, WebuiSamplerNames.Heun, WebuiSamplerNames.DpmFast];

    [Theory]
    [MemberData(nameof(Samplers))]
    public void A_step_allocates_nothing_once_warm(string sampler)
    {
        AssertNone([.. Enumerable.Range(0, 4).Select(i => new ImageRequest { Prompt = "a dog", Steps = 15, Sampler = sampler, Seed = i })], sampler);
    }

    [Fact]
    public void Neither_does_a_step_of_prompts_that_change_and_are_of_different_lengths()
    {
        var request = new ImageRequest { Prompt = "a [dog|cat] AND red BREAK blue:0.5", NegativePrompt = "[a:b:0.5]", PromptSyntax = PromptSyntaxNames.Webui, Steps = 15 };
        AssertNone([request, request with { Prompt = "a (dog:1.2)", Seed = 1 }], request.Prompt);
    }

    private void AssertNone(ImageRequest[] batch, string name)
    {
        models.Tiny.Render(batch);
        var readings = new Readings();

        models.Tiny.Render(batch, readings);

        var perStep = (readings.Bytes[^1] - readings.Bytes[4]) / (readings.Bytes.Count - 5);
        TestContext.Current.SendDiagnosticMessage("{0}: {1} bytes a step", name, perStep);
        Assert.Equal(0, perStep);
    }

    private sealed class Readings : IProgress<StepProgress>
    {
        public List<long> Bytes { get; } = new(64);

        public void Report(StepProgress value) => Bytes.Add(GC.GetAllocatedBytesForCurrentThread());
    }
}
