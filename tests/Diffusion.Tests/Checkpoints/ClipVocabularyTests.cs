using System.Text.Json;
using RenderFarm.Diffusion.Checkpoints;
using RenderFarm.TestKit.Goldens;

namespace RenderFarm.Diffusion.Tests.Checkpoints;

public sealed class ClipVocabularyTests
{
    private const int Length = 77;
    private const int End = 49407;

    [Fact]
    public void Tokens_are_those_of_OpenAIs_tokenizer()
    {
        var cases = GoldenFolder.Cases("tokens.json").Where(golden => golden.GetProperty("vocab").GetString() == "openai").ToArray();
        var tokenizer = SharedParts.Shipped.Tokenizer(null, Length);

        Assert.All(cases, golden => Assert.Equal(
            golden.GetProperty("ids").EnumerateArray().Select(id => id.GetInt32()),
            tokenizer.Encode(golden.GetProperty("prompt").GetString()!)));
        Assert.Equal(
            [49406, 320, 1125, 539, 550, 18376, 6765, 320, 4558, 525, 7496, End, End],
            tokenizer.Encode("a photo of an astronaut riding a horse on mars").Take(13));
    }

    [Fact]
    public void The_vocabulary_is_that_of_OpenAIs_tokenizer()
    {
        using var stream = File.OpenRead(Path.Combine(GoldenFolder.Default, "tokenizers", "openai", "vocab.json"));
        var expected = JsonSerializer.Deserialize<Dictionary<string, int>>(stream)!;
        using var merges = new StreamReader(Path.Combine(GoldenFolder.Default, "tokenizers", "openai", "merges.txt"));

        Assert.Equal(expected.OrderBy(token => token.Value), ClipVocabulary.Read(merges.BaseStream).Tokens.OrderBy(token => token.Value));
    }

    [Fact]
    public void OpenCLIPs_prompts_are_filled_up_with_exclamation_marks() =>
        Assert.Equal([49406, 1929, End, 0, 0], SharedParts.Shipped.Tokenizer("!", Length).Encode("dog").Take(5));
}
