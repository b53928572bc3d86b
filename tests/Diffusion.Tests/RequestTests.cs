namespace RenderFarm.Diffusion.Tests;

public sealed class RequestTests(LoadedModels models)
{
    public static TheoryData<string, ImageRequest, string> Wrong
    {
        get
        {
            var dog = new ImageRequest { Prompt = "a dog" };
            return new()
            {
                { "Width", dog with { Width = 100 }, "multiple of 32" },
                { "Width", dog with { Width = -32 }, "multiple of 32" },
                { "Height", dog with { Height = 8192 }, "4096" },
                { "Steps", dog with { Steps = 0 }, "1 to 998" },
                { "Steps", dog with { Steps = 1000 }, "1 to 998" },
                { "Steps", dog with { Sampler = "lcm", Steps = 51 }, "1 to 50" },
                { "Steps", dog with { Sampler = "tcd", Steps = 51 }, "1 to 50" },
                { "Guidance", dog with { Guidance = double.NaN }, "0 to 100" },
                { "Guidance", dog with { Guidance = -1 }, "0 to 100" },
                { "GuidanceRescale", dog with { GuidanceRescale = 1.1 }, "0 to 1" },
                { "Eta", dog with { Sampler = "ddim", Eta = 2 }, "0 to 1" },
                { "Eta", dog with { Sampler = "tcd", Eta = double.NaN }, "0 to 1" },
                { "Eta", dog with { Sampler = "euler", Eta = 0.5 }, "0 for the sampler euler" },
                { "Sampler", dog with { Sampler = "Eulr" }, "lcm, tcd, Euler, Euler a" },
                { "Churn.Amount", dog with { Sampler = "Euler a", Churn = new() { Amount = 1 } }, "0 for the sampler Euler a" },
                { "Churn.Amount", dog with { Sampler = "Euler", Churn = new() { Amount = double.NaN } }, "0 to 100" },
                { "Churn.To", dog with { Sampler = "Euler", Churn = new() { From = 2, To = 1 } }, "2 to Infinity" },
                { "NoiseScale", dog with { Sampler = "Euler", NoiseScale = -1 }, "0 to 10" },
                { "NoiseScale", dog with { Sampler = "ddim", NoiseScale = 0.9 }, "1 for the sampler ddim" },
                { "Noise.Source", dog with { Noise = new() { Source = "gpu" } }, "cpu, nv" },
                { "Noise.VariationStrength", dog with { Noise = new() { VariationStrength = 1.5 } }, "0 to 1" },
                { "Noise.ResizeFromHeight", dog with { Noise = new() { ResizeFromWidth = 64 } }, "8 to 4096" },
                { "Schedule", dog with { Schedule = "beta" }, "model, karras" },
                { "Schedule", dog with { Schedule = "Karras" }, "model, karras" },
                { "Schedule", dog with { Sampler = "Euler", Schedule = "karras" }, "model, Automatic, Uniform, Karras" },
                { "ClipSkip", dog with { ClipSkip = 4 }, "0 to 3" },
                { "ClipSkip", dog with { ClipSkip = -1 }, "0 to 3" },
            };
        }
    }

    [Theory]
    [MemberData(nameof(Wrong))]
    public void A_field_out_of_range_is_named_with_what_is_allowed(string field, ImageRequest request, string allowed)
    {
        var problem = Assert.Throws<RenderRequestException>(() => models.Emoji.Render([request]));

        Assert.Equal(field, problem.Field);
        Assert.Contains(allowed, problem.Allowed, StringComparison.Ordinal);
        Assert.Equal(problem.Message, Assert.Throws<RenderRequestException>(() => models.Emoji.Check(request)).Message);
    }

    [Fact]
    public void Clip_skip_on_a_text_encoder_without_inner_layers_says_why_not()
    {
        var problem = Assert.Throws<RenderRequestException>(() => models.Tiny.Render([new() { Prompt = "a dog", ClipSkip = 1 }]));

        Assert.Equal("ClipSkip", problem.Field);
        Assert.Contains("exported without its inner layers", problem.Allowed, StringComparison.Ordinal);
    }

    [Fact]
    public void An_empty_batch_is_refused() => Assert.Throws<RenderRequestException>(() => models.Tiny.Render([]));
}
