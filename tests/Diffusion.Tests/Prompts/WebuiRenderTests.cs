using RenderFarm.TestKit.Goldens;

namespace RenderFarm.Diffusion.Tests.Prompts;

/// <summary>What webui's syntax does to pictures. The goldens show that the numbers are right; these show what holds for any prompt.</summary>
public sealed class WebuiRenderTests(LoadedModels models)
{
    private const string Long = "a pizza, blue background, a dog, green background, a rocket, ";

    private static readonly ImageRequest Dog = new()
    {
        Prompt = "a dog",
        NegativePrompt = "small",
        PromptSyntax = PromptSyntaxNames.Webui,
        Steps = 6,
        Guidance = 5,
        Seed = 3,
        Sampler = SamplerNames.Euler,
    };

    [Fact]
    public void Each_row_of_a_batch_of_all_kinds_of_prompts_is_the_picture_it_would_be_alone()
    {
        ImageRequest[] batch =
        [
            Dog,
            Dog with { PromptSyntax = PromptSyntaxNames.Literal, Prompt = "(a dog:1.3)", ClipSkip = 1 },
            Dog with { Prompt = "a (pizza:1.4) BREAK [blue] background", NegativePrompt = "", Guidance = 3 },
            Dog with { Prompt = string.Concat(Enumerable.Repeat(Long, 8)), NegativePrompt = "a BREAK b BREAK c", Steps = 4 },
            Dog with { Prompt = "a dog :1.2 AND a rocket BREAK red:0.5 AND [a|b] cat", Sampler = SamplerNames.Ddim, Eta = 1 },
            Dog with { Prompt = "a [dog:cat BREAK black:0.5]", NegativePrompt = "[small:large:2]", Emphasis = EmphasisNames.NoNorm, Steps = 9 },
            Dog with { Prompt = "(a (dog)", Guidance = 1 },
            Dog with { Prompt = "a dog AND a cat", Guidance = 0.5, GuidanceRescale = 0.3 },
        ];

        var together = models.Emoji.Render(batch);

        for (var i = 0; i < batch.Length; i++)
        {
            Differences.AssertWithin(1e-5, models.Emoji.Render([batch[i]])[0].Latent.Span, together[i].Latent.Span);
        }
    }

    [Theory]
    [InlineData("tiny-sd2")]
    [InlineData("tiny-sdxl")]
    [InlineData("tiny-lcm")]
    public void Rows_of_a_model_with_one_timestep_differ_in_length_and_nothing_else(string model)
    {
        var pipeline = models.Get(GoldenFolder.Model(model));
        ImageRequest[] batch = [Dog, Dog with { Prompt = "a (cat:1.2) BREAK a [dog:rocket:3]" }, Dog with { NegativePrompt = Long + Long + Long }, Dog with { NegativePrompt = "" }];

        var together = pipeline.Render(batch);

        for (var i = 0; i < batch.Length; i++)
        {
            Differences.AssertWithin(1e-5, pipeline.Render([batch[i]])[0].Latent.Span, together[i].Latent.Span);
        }
    }

    [Theory]
    [InlineData("emoji")]
    [InlineData("tiny-sd2")]
    [InlineData("tiny-sdxl")]
    public void A_short_prompt_without_syntax_is_the_literal_one(string model)
    {
        var pipeline = models.Get(GoldenFolder.Model(model));

        Assert.Equal(Latent(pipeline, Dog with { PromptSyntax = PromptSyntaxNames.Literal }), Latent(pipeline, Dog));
    }

    [Theory]
    [InlineData("a dog # AND a cat <lora:none:1>", "a dog")]
    [InlineData("[a cat:a dog:0]", "a dog")]
    [InlineData("[a dog:a cat:1.0]", "a dog")]
    [InlineData("[a dog:a cat:6]", "a dog")]
    [InlineData("a [(dog)::99]", "a (dog)")]
    [InlineData("a dog AND a cat:0", "a dog")]
    [InlineData("a dog:0.5 AND a dog:.5", "a dog")]
    [InlineData("a dog:3 AND a dog:-2", "a dog")]
    public void Prompts_that_come_to_the_same_give_the_same_picture(string prompt, string same) =>
        Differences.AssertWithin(1e-5, Latent(models.Emoji, Dog with { Prompt = same }), Latent(models.Emoji, Dog with { Prompt = prompt }));

    [Theory]
    [InlineData("a (dog:1.4)")]
    [InlineData("a [dog]")]
    [InlineData("a BREAK dog")]
    [InlineData("[a dog:a cat:0.5]")]
    [InlineData("[a dog|a cat]")]
    [InlineData("a dog AND a cat")]
    [InlineData("a dog :1.5")]
    public void Syntax_changes_the_picture(string prompt) =>
        Assert.True(Differences.Largest(Latent(models.Emoji, Dog), Latent(models.Emoji, Dog with { Prompt = prompt })) > 0.01);

    [Fact]
    public void A_change_takes_place_after_the_evaluation_of_its_number()
    {
        // Two evaluations a step: of twelve, those from 0 to 4 draw the dog.
        var heun = Dog with { Sampler = WebuiSamplerNames.Heun };
        Assert.Equal(Latent(models.Emoji, heun with { Prompt = "a [dog:cat:4]" }), Latent(models.Emoji, heun with { Prompt = "a [dog:cat:.334]" }));
        Assert.Equal(Latent(models.Emoji, heun with { Prompt = "a dog" }), Latent(models.Emoji, heun with { Prompt = "a [dog:cat:11]" }));
        Assert.NotEqual(Latent(models.Emoji, heun with { Prompt = "a dog" }), Latent(models.Emoji, heun with { Prompt = "a [dog:cat:9]" }));

        // The first evaluation is number 0, so that the first text of an alternation has two.
        Assert.Equal(Latent(models.Emoji, Dog with { Prompt = "a dog", Steps = 2 }), Latent(models.Emoji, Dog with { Prompt = "a [dog|cat]", Steps = 2 }));
    }

    [Fact]
    public void Changes_count_on_into_a_second_pass()
    {
        float[] Twice(string prompt, string? second = null) =>
            Latent(models.Emoji, Dog with { Prompt = prompt, Hires = new() { Scale = 1.25, Steps = 4, Prompt = second } });

        // Six steps, then four: a share from 1 to 2, or a step after the sixth, is of the second pass.
        var change = Twice("a dog", "a cat");
        Assert.Equal(change, Twice("a [dog:cat:1.0]"));
        Assert.Equal(change, Twice("a [dog:cat:6]"));
        Assert.Equal(Twice("a [dog:cat:0.5]"), Twice("a [dog:cat:0.5]", "a cat"));
        var within = Twice("a [dog:cat:1.5]");
        Assert.Equal(within, Twice("a [dog:cat:8]"));
        Assert.NotEqual(within, change);
        Assert.NotEqual(within, Twice("a dog"));
    }

    [Fact]
    public void Weights_are_applied_as_the_request_says()
    {
        var weighted = Dog with { Prompt = "a (dog:1.5)" };

        Assert.Equal(Latent(models.Emoji, Dog), Latent(models.Emoji, weighted with { Emphasis = EmphasisNames.Ignore }));
        Assert.Equal(
            Latent(models.Emoji, weighted with { PromptSyntax = PromptSyntaxNames.Literal }),
            Latent(models.Emoji, weighted with { Emphasis = EmphasisNames.None }));
        float[][] all = [.. EmphasisNames.All.Select(emphasis => Latent(models.Emoji, weighted with { Emphasis = emphasis }))];
        Assert.Equal(4, all.Select(latent => latent[0]).Distinct().Count());
    }

    [Fact]
    public void Clip_skip_is_for_the_negative_prompt_too()
    {
        using var pipeline = DiffusionPipeline.Load(GoldenFolder.EmojiModel);
        var skipping = Dog with { Prompt = "a dog", NegativePrompt = "a dog", ClipSkip = 1, Steps = 1 };

        pipeline.Render([skipping]);
        Assert.Equal(1, pipeline.TextEncoderRuns);

        pipeline.Render([skipping with { PromptSyntax = PromptSyntaxNames.Literal }]);
        Assert.Equal(2, pipeline.TextEncoderRuns);
    }

    [Fact]
    public void Chunks_are_encoded_once_whatever_their_weights()
    {
        using var pipeline = DiffusionPipeline.Load(GoldenFolder.Model("tiny-sd2"));

        pipeline.Render([.. new[] { "a dog BREAK red", "a (dog:1.3) BREAK [red]", "red BREAK a dog", "a [dog:dog:3]", "red AND a dog", "(red BREAK" }
            .Select(prompt => Dog with { Prompt = prompt, NegativePrompt = "red", Steps = 1 })]);

        // "a dog", "red", and for "(red BREAK" the word itself.
        Assert.Equal(3, pipeline.TextEncoderRuns);
    }

    [Theory]
    [InlineData("Prompt", "a <hypernet:x:0.5> dog", "")]
    [InlineData("Prompt", "BREAK", "", 65)]
    [InlineData("NegativePrompt", "a", "BREAK", 65)]
    [InlineData("Prompt", " AND ", "", 64)]
    [InlineData("Prompt", " ", "", 100_000)]
    [InlineData("NegativePrompt", "", "a ", 100_000)]
    public void A_prompt_that_cannot_be_rendered_is_refused(string field, string prompt, string negative, int times = 1)
    {
        var request = Dog with
        {
            Prompt = string.Join(' ', Enumerable.Repeat(prompt, times)),
            NegativePrompt = string.Join(' ', Enumerable.Repeat(negative, times)),
        };

        Assert.Equal(field, Assert.Throws<RenderRequestException>(() => models.Emoji.Check(request)).Field);
        models.Emoji.Check(request with { PromptSyntax = PromptSyntaxNames.Literal });
    }

    [Fact]
    public void Unknown_names_and_a_second_prompt_are_refused()
    {
        var xl = models.Get(GoldenFolder.Model("tiny-sdxl"));

        Assert.Equal("PromptSyntax", Assert.Throws<RenderRequestException>(() => xl.Check(Dog with { PromptSyntax = "comfy" })).Field);
        Assert.Equal("Emphasis", Assert.Throws<RenderRequestException>(() => xl.Check(Dog with { Emphasis = "strong" })).Field);
        Assert.Equal("Prompt2", Assert.Throws<RenderRequestException>(() => xl.Check(Dog with { Prompt2 = "a cat" })).Field);
        Assert.Equal("Prompt", Assert.Throws<RenderRequestException>(() => models.Get(GoldenFolder.Model("tiny-lcm")).Check(Dog with { Prompt = "a AND b" })).Field);
    }

    [Fact]
    public void Each_prompt_takes_a_row_of_the_network_and_none_takes_two()
    {
        using var pipeline = DiffusionPipeline.Load(GoldenFolder.Model("tiny-sd2"));
        long Rows(ImageRequest request)
        {
            var before = pipeline.UnetRows;
            pipeline.Render([request with { Steps = 5 }]);
            return pipeline.UnetRows - before;
        }

        Assert.Equal(10, Rows(Dog));
        Assert.Equal(5, Rows(Dog with { Guidance = 1 }));
        Assert.Equal(10, Rows(Dog with { Prompt = "a dog:2", Guidance = 1 }));
        Assert.Equal(15, Rows(Dog with { Prompt = "a dog AND a cat BREAK red" }));
        Assert.Equal(10, Rows(Dog with { Prompt = "a dog AND a dog" }));
        Assert.Equal(10, Rows(Dog with { Prompt = "[a|b]", NegativePrompt = "[c|d] BREAK" }));
    }

    private static float[] Latent(DiffusionPipeline pipeline, ImageRequest request) => pipeline.Render([request])[0].Latent.ToArray();
}
