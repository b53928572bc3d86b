using System.Globalization;
using RenderFarm.Diffusion.Models;
using RenderFarm.Diffusion.Prompts;
using RenderFarm.Diffusion.Tokenization;
using RenderFarm.TestKit.Farms;
using RenderFarm.TestKit.Goldens;

namespace RenderFarm.Diffusion.Tests.Prompts;

/// <summary>The page for users says what the parsers answer.</summary>
public sealed class DocumentedPromptTests
{
    private const int Steps = 10;

    private static readonly string[] Page = File.ReadAllLines(Path.Combine(Repository.Root, "docs/prompts.md"));

    public static TheoryData<string, string> Weights => Table("| prompt | weights |");

    public static TheoryData<string, string> ChunkCounts => Table("| prompt | chunks |");

    public static TheoryData<string, string> Changes => Table("| prompt | up to step |");

    public static TheoryData<string, string> Joined => Table("| prompt | prompts |");

    public static TheoryData<string, string> Loras => Table("| prompt | text | LoRA |");

    [Theory]
    [MemberData(nameof(Weights))]
    public void Weights_are_as_documented(string prompt, string result) => Assert.Equal(result, Text(Emphasis.Parse(prompt)));

    [Theory]
    [MemberData(nameof(ChunkCounts))]
    public void Chunks_are_as_documented(string prompt, string result)
    {
        var tokenizer = ClipTokenizer.Read(new ProblemList(GoldenFolder.Tokenizer("openai")), "", 77)!;

        Assert.Equal(result, Number(ChunkedPrompt.Cut(Emphasis.Parse(prompt), tokenizer).Chunks.Count));
    }

    [Theory]
    [MemberData(nameof(Changes))]
    public void Changes_are_as_documented(string prompt, string result) =>
        Assert.Equal(result, string.Join(", ", PromptSchedule.Parse(prompt, Steps).Select(entry => $"{entry.LastStep} \"{entry.Text}\"")));

    [Theory]
    [MemberData(nameof(Joined))]
    public void Prompts_joined_by_AND_are_as_documented(string prompt, string result) => Assert.Equal(result, Text(PromptComposition.Parse(prompt)));

    [Theory]
    [MemberData(nameof(Loras))]
    public void Loras_are_as_documented(string prompt, string result)
    {
        var read = ExtraNetworks.Parse(prompt);
        var loras = read.Loras.Select(lora => $"{lora.Name}, text encoder {Number(lora.TextWeight)}, UNet {Number(lora.UnetWeight)}");

        Assert.Equal(result, $"\"{read.Prompt}\" | {string.Concat(loras)}".TrimEnd());
    }

    private static string Text(IReadOnlyList<WeightedText> runs) => string.Join(", ", runs.Select(run => $"\"{run.Text}\" {Number(run.Weight)}"));

    private static string Number(double value) => value.ToString("0.###", CultureInfo.InvariantCulture);

    /// <summary>The rows below a heading row: a prompt in backticks, and what the other columns say.</summary>
    private static TheoryData<string, string> Table(string heading)
    {
        var rows = new TheoryData<string, string>();
        foreach (var line in Page.SkipWhile(line => line != heading).Skip(2).TakeWhile(line => line.StartsWith('|')))
        {
            var end = line.LastIndexOf('`');
            rows.Add(line[3..end].Replace("\\|", "|", StringComparison.Ordinal), line[(end + 4)..^1].Trim().Replace("\\|", "|", StringComparison.Ordinal));
        }

        return rows;
    }
}
