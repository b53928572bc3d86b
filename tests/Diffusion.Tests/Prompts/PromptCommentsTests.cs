using RenderFarm.Diffusion.Prompts;

namespace RenderFarm.Diffusion.Tests.Prompts;

public sealed class PromptCommentsTests
{
    [Theory]
    [InlineData("a cat", "a cat")]
    [InlineData("a cat # small", "a cat \n")]
    [InlineData("a cat # small\nblue", "a cat \nblue")]
    [InlineData("# a dog\na cat", "\na cat")]
    [InlineData("a cat\n# a dog\nblue", "a cat\nblue")]
    [InlineData("#a\n#b\nc", "\n\nc")]
    [InlineData("a\n#b", "a\n")]
    [InlineData("#", "\n")]
    [InlineData("a#b#c\n", "a\n")]
    public void What_follows_a_number_sign_is_left_out(string prompt, string rest) => Assert.Equal(rest, PromptComments.Strip(prompt));
}
