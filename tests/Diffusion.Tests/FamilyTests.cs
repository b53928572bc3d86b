using RenderFarm.TestKit.Goldens;

namespace RenderFarm.Diffusion.Tests;

public sealed class FamilyTests(LoadedModels models)
{
    private static readonly ImageRequest Request = new() { Prompt = "a dog", Steps = 3, Guidance = 4, Sampler = SamplerNames.Euler, Seed = 5 };

    [Fact]
    public void An_empty_negative_prompt_is_zeros_where_an_xl_model_says_so()
    {
        using var copy = new CopiedModel(GoldenFolder.Model("tiny-sdxl"));
        using var zeros = DiffusionPipeline.Load(copy.Folder);
        var latent = zeros.Render([Request])[0].Latent;
        copy.Replace("model_index.json", "\"force_zeros_for_empty_prompt\": true", "\"force_zeros_for_empty_prompt\": false");
        using var encoded = DiffusionPipeline.Load(copy.Folder);
        var other = encoded.Render([Request])[0].Latent;

        Assert.Equal(2, zeros.TextEncoderRuns);
        Assert.Equal(4, encoded.TextEncoderRuns);
        Assert.True(Differences.Largest(latent.Span, other.Span) > 1e-3);
    }

    [Fact]
    public void The_second_prompt_and_the_sizes_change_the_picture_and_default_to_the_first_and_to_its_own()
    {
        var xl = models.Get(GoldenFolder.Model("tiny-sdxl"));
        var plain = xl.Render([Request])[0].Latent;

        Assert.Equal(plain.ToArray(), xl.Render([Request with { Prompt2 = "a dog", OriginalWidth = 64, OriginalHeight = 64, TargetWidth = 64, TargetHeight = 64 }])[0].Latent.ToArray());
        foreach (var other in new[] { Request with { Prompt2 = "a cat" }, Request with { NegativePrompt2 = "grey" }, Request with { OriginalWidth = 2048 }, Request with { CropTop = 32 }, Request with { TargetHeight = 512 } })
        {
            Assert.True(Differences.Largest(plain.Span, xl.Render([other])[0].Latent.Span) > 1e-5, $"{other}");
        }
    }

    [Fact]
    public void Rows_of_a_batch_have_second_prompts_and_sizes_of_their_own()
    {
        var xl = models.Get(GoldenFolder.Model("tiny-sdxl"));
        ImageRequest[] batch = [Request, Request with { Prompt2 = "a cat", Seed = 6 }, Request with { OriginalWidth = 2048, CropLeft = 9, Guidance = 1 }];

        var together = xl.Render(batch);

        for (var i = 0; i < batch.Length; i++)
        {
            Differences.AssertWithin(1e-5, xl.Render([batch[i]])[0].Latent.Span, together[i].Latent.Span);
        }
    }

    [Fact]
    public void What_only_an_xl_model_is_told_is_refused_by_others()
    {
        var wrong = new (string Field, ImageRequest Request)[]
        {
            (nameof(ImageRequest.Prompt2), Request with { Prompt2 = "a cat" }),
            (nameof(ImageRequest.NegativePrompt2), Request with { NegativePrompt2 = "" }),
            (nameof(ImageRequest.OriginalWidth), Request with { OriginalWidth = 64 }),
            (nameof(ImageRequest.CropTop), Request with { CropTop = 1 }),
            (nameof(ImageRequest.TargetHeight), Request with { TargetHeight = 64 }),
        };
        foreach (var (field, request) in wrong)
        {
            Assert.Equal(field, Assert.Throws<RenderRequestException>(() => models.Tiny.Check(request)).Field);
        }

        var negative = Assert.Throws<RenderRequestException>(() => models.Get(GoldenFolder.Model("tiny-sdxl")).Check(Request with { CropLeft = -1 }));
        Assert.Equal(("CropLeft", "-1", "0 to 65536"), (negative.Field, negative.Given, negative.Allowed));
    }
}
