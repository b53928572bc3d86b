using RenderFarm.Diffusion.Prompts;

namespace RenderFarm.Diffusion.Tests.Prompts;

/// <summary>Whatever is typed is a prompt.</summary>
public sealed class MalformedPromptTests
{
    private static readonly string[] Pieces =
    [
        "(", ")", "[", "]", ":", "|", "\\", "<", ">", "=", " ", "\n", ",", "a", "cat", "é", "\ud83d", "\udc36", "١", "\u001c", "0.5", "1.2.3", "-1", "1e999", "+.", ":1.3)",
        ":3]", ":0.5]", "[a:b:", "[a|b]", "BREAK", "AND", " AND ", "#", "<lora:", "<lora:x:0.5>", "te=",
    ];

    public static TheoryData<int> Seeds => [.. Enumerable.Range(1, 20)];

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Any_text_can_be_read(int seed)
    {
        var random = new Random(seed);
        for (var i = 0; i < 500; i++)
        {
            var prompt = string.Concat(Enumerable.Range(0, random.Next(30)).Select(_ => Pieces[random.Next(Pieces.Length)]));

            Assert.NotEmpty(Emphasis.Parse(prompt));
            Assert.NotEmpty(PromptComposition.Parse(prompt));
            Assert.Equal(10, PromptSchedule.Parse(prompt, 10)[^1].LastStep);
            Assert.Equal(5, PromptSchedule.Parse(prompt, 10, 5)[^1].LastStep);
            Assert.True(PromptComments.Strip(prompt).Length <= prompt.Length + 1);
            Assert.True(ExtraNetworks.Parse(prompt).Prompt.Length <= prompt.Length);
        }
    }

    [Theory]
    [InlineData("(")]
    [InlineData(")")]
    [InlineData("[")]
    [InlineData("(a")]
    [InlineData("[a:")]
    [InlineData("[a|")]
    [InlineData("(a:1.1)")]
    [InlineData("[a:b:3]")]
    [InlineData("\\")]
    [InlineData(": ")]
    [InlineData("BREAK ")]
    [InlineData("AND ")]
    [InlineData("<a")]
    [InlineData("<lora:")]
    public void A_hundred_thousand_characters_of_anything_can_be_read(string piece)
    {
        var prompt = string.Concat(Enumerable.Repeat(piece, 100_000 / piece.Length));

        Assert.NotEmpty(Emphasis.Parse(prompt));
        Assert.NotEmpty(PromptComposition.Parse(prompt));
        Assert.NotEmpty(PromptSchedule.Parse(prompt, 20));
        Assert.NotEmpty(ExtraNetworks.Parse(prompt).Prompt);
    }

    [Fact]
    public void Groups_inside_groups_are_read_at_any_depth()
    {
        const int Depth = 15_000;
        var prompt = string.Concat(Enumerable.Repeat("[", Depth)) + "cat" + string.Concat(Enumerable.Repeat(":dog:0.5]", Depth));

        Assert.Equal([new(5, "cat"), new ScheduledText(10, "dog")], PromptSchedule.Parse(prompt, 10));
        Assert.Equal(Math.Pow(1 / 1.1, Depth), Emphasis.Parse(prompt)[0].Weight, 1e-9);
    }

    [Theory]
    [InlineData("(a:1.2.3)")]
    [InlineData("b (a:.) c")]
    public void A_weight_that_is_no_number_makes_the_prompt_plain_text(string prompt) =>
        Assert.Equal([new WeightedText(prompt, 1)], Emphasis.Parse(prompt));

    [Theory]
    [InlineData("[a:b:1e999]")]
    [InlineData("[a:b:3] \\")]
    [InlineData("[a:b:3] c|d")]
    [InlineData("[a|b:3]")]
    [InlineData("[a:b:c:3]")]
    [InlineData("[a:b:3,]")]
    public void What_the_grammar_does_not_know_is_not_edited(string prompt) =>
        Assert.Equal([new ScheduledText(10, prompt)], PromptSchedule.Parse(prompt, 10));

    [Theory]
    [InlineData("[a:b:3] ]", "a ]", "b ]")]
    [InlineData("] [a:b:3", null, null)]
    [InlineData("[x [a:b:3] (", "[x a (", "[x b (")]
    [InlineData("[a:(b:1.2):3]:4]", "a:4]", "(b:1.2):4]")]
    public void A_group_among_loose_brackets_is_still_a_group(string prompt, string? before, string? after) =>
        Assert.Equal(
            before is null ? [new(10, prompt)] : [new(3, before), new ScheduledText(10, after!)],
            PromptSchedule.Parse(prompt, 10));
}
