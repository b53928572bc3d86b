namespace RenderFarm.Diffusion.Tests;

public sealed class AllocationTests(LoadedModels models)
{
    private const long BytesPerStep = 4096;

    public static TheoryData<string> Samplers => [.. SamplerNames.All, WebuiSamplerNames.Heun, WebuiSamplerNames.DpmFast];

    [Theory]
    [MemberData(nameof(Samplers))]
    public void A_step_allocates_next_to_nothing_once_warm(string sampler)
    {
        ImageRequest[] batch = [.. Enumerable.Range(0, 4).Select(i => new ImageRequest { Prompt = "a dog", Steps = 15, Sampler = sampler, Seed = i })];
        models.Tiny.Render(batch);
        var readings = new Readings();

        models.Tiny.Render(batch, readings);

        var perStep = (readings.Bytes[^1] - readings.Bytes[4]) / (readings.Bytes.Count - 5);
        TestContext.Current.SendDiagnosticMessage("{0}: {1} bytes a step", sampler, perStep);
        Assert.InRange(perStep, 0, BytesPerStep);
    }

    private sealed class Readings : IProgress<StepProgress>
    {
        public List<long> Bytes { get; } = new(64);

        public void Report(StepProgress value) => Bytes.Add(GC.GetAllocatedBytesForCurrentThread());
    }
}
