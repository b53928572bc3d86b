using RenderFarm.Diffusion.Scoring;
using RenderFarm.TestKit.Goldens;

namespace RenderFarm.Diffusion.Tests.Scoring;

public sealed class BestOfTests(LoadedModels models)
{
    private static readonly ImageRequest Pizza = new() { Prompt = "a pizza on a blue background", Guidance = 5, Steps = 4, Seed = 40 };

    [Fact]
    public void The_candidate_nearest_to_the_prompt_is_kept_with_all_scores()
    {
        using var scorer = ClipScorer.Load(Path.Combine(GoldenFolder.EmojiModel, "clip"));
        var alone = models.Emoji.Render([.. Enumerable.Range(0, 3).Select(k => Pizza with { Seed = 40 + k })]);
        var expected = alone.Select(picture => scorer.Score(Pizza.Prompt, picture.Rgb.Span, picture.Width, picture.Height)).ToArray();
        Assert.True(expected.Max() - expected.Min() > 1e-3);

        var picture = models.Emoji.Render([Pizza with { BestOf = 3 }])[0];

        Assert.Equal(3, picture.Scores.Count);
        Assert.All(expected.Zip(picture.Scores), pair => Assert.Equal(pair.First, pair.Second, 1e-3));
        Assert.Equal(picture.Scores.Max(), picture.Score);
        var best = Array.IndexOf(expected, expected.Max());
        Assert.Equal(Pizza with { Seed = 40 + best, Width = 128, Height = 128 }, picture.Request);
        Differences.AssertWithin(1e-4, alone[best].Latent.Span, picture.Latent.Span);
    }

    [Fact]
    public void Requests_that_choose_and_requests_that_do_not_go_together()
    {
        List<StepProgress> reports = [];
        ImageRequest[] batch = [Pizza with { Seed = 1 }, Pizza with { BestOf = 20 }, Pizza with { Prompt = "a dog", BestOf = 2 }];

        var pictures = models.Emoji.Render(batch, new Reports(reports));

        Assert.Equal([0, 20, 2], pictures.Select(picture => picture.Scores.Count));
        Assert.Null(pictures[0].Score);
        Assert.Equal(["a pizza on a blue background", "a pizza on a blue background", "a dog"], pictures.Select(picture => picture.Request.Prompt));
        Assert.Equal(Enumerable.Range(0, 9).Select(step => new StepProgress(step, 8)), reports);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(65)]
    public void A_number_out_of_range_is_refused(int bestOf)
    {
        var problem = Assert.Throws<RenderRequestException>(() => models.Emoji.Render([Pizza with { BestOf = bestOf }]));

        Assert.Equal(("BestOf", "1 to 64"), (problem.Field, problem.Allowed));
        Assert.Equal(problem.Message, Assert.Throws<RenderRequestException>(() => models.Emoji.Check(Pizza with { BestOf = bestOf })).Message);
    }

    [Fact]
    public void Without_a_clip_the_error_says_where_one_is_looked_for()
    {
        var problem = Assert.Throws<RenderRequestException>(() => models.Tiny.Render([Pizza with { BestOf = 2 }]));

        Assert.Equal("BestOf", problem.Field);
        Assert.Contains("tiny-sd2 has no folder clip", problem.Allowed, StringComparison.Ordinal);
        Assert.Contains("ClipFolder", problem.Allowed, StringComparison.Ordinal);
    }

    [Fact]
    public void A_clip_of_ones_own_scores_a_model_without()
    {
        using var pipeline = DiffusionPipeline.Load(GoldenFolder.Model("tiny-sd2"), new PipelineOptions { ClipFolder = Path.Combine(GoldenFolder.EmojiModel, "clip") });

        Assert.Equal(2, pipeline.Render([new() { Prompt = "a dog", Steps = 2, BestOf = 2 }])[0].Scores.Count);
    }

    [Theory]
    [InlineData("a (red:1.3) fox", "literal", "a (red:1.3) fox")]
    [InlineData("a (red:1.3) fox [on grass]<lora:x:0.8>", "webui", "a red fox on grass")]
    [InlineData("a [dog:cat:0.5] AND a house :0.5 AND rain :-1", "webui", "a cat, a house")]
    [InlineData("a dog BREAK on grass", "webui", "a dog on grass")]
    [InlineData("a dog # at night", "webui", "a dog")]
    public void A_picture_is_compared_with_the_words_alone(string prompt, string syntax, string words) =>
        Assert.Equal(words, PlainPrompt.Of(Pizza with { Prompt = prompt, PromptSyntax = syntax }));

    private sealed class Reports(List<StepProgress> list) : IProgress<StepProgress>
    {
        public void Report(StepProgress value) => list.Add(value);
    }
}
