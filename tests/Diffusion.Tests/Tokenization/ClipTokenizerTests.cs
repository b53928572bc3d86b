using System.Diagnostics;
using RenderFarm.Diffusion.Models;
using RenderFarm.Diffusion.Tokenization;
using RenderFarm.TestKit.Goldens;

namespace RenderFarm.Diffusion.Tests.Tokenization;

public sealed class ClipTokenizerTests
{
    private const string File = "tokens.json";

    public static IEnumerable<TheoryDataRow<int, string>> Goldens() =>
        GoldenRows.Of(File, _ => true, golden => golden.GetProperty("vocab").GetString()!);

    [Theory]
    [MemberData(nameof(Goldens))]
    public void Tokens_equal_the_reference_tokenizer(int index, string vocabulary)
    {
        if (!GoldenRows.TryGet(File, index, out var golden))
        {
            return;
        }

        int[] expected = [.. golden.GetProperty("ids").EnumerateArray().Select(id => id.GetInt32())];

        var tokens = Read(vocabulary).Encode(golden.GetProperty("prompt").GetString()!);

        Assert.Equal(expected, tokens);
    }

    [Theory]
    [InlineData("x")]
    [InlineData("a dog ")]
    [InlineData("! ")]
    [InlineData("\u0301")]
    [InlineData("\ud83d")]
    [InlineData("<|endoftext|>")]
    public void A_prompt_of_a_million_characters_is_tokenized_at_once(string piece)
    {
        var tokenizer = Read("emoji");
        var prompt = string.Concat(Enumerable.Repeat(piece, 1_000_000 / piece.Length));

        var clock = Stopwatch.StartNew();
        var tokens = tokenizer.Encode(prompt);

        Assert.Equal(77, tokens.Length);
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(30), $"it took {clock.Elapsed}");
    }

    [Theory]
    [InlineData("e\u0301", "\u00e9")]
    [InlineData("\u1100\u1161\u11a8", "\uac01")]
    [InlineData("a\u0323\u0302", "a\u0302\u0323")]
    [InlineData("\u212b", "\u00c5")]
    [InlineData("\u0130", "i\u0307")]
    public void Texts_that_look_the_same_have_the_same_tokens(string one, string other)
    {
        var tokenizer = Read("openai");

        Assert.Equal(tokenizer.Encode(other), tokenizer.Encode(one));
    }

    private static ClipTokenizer Read(string vocabulary) => ClipTokenizer.Read(new ProblemList(GoldenFolder.Tokenizer(vocabulary)), "", 77)!;
}
