using System.Text.Json;
using RenderFarm.Diffusion.Models;
using RenderFarm.Diffusion.Prompts;
using RenderFarm.Diffusion.Tokenization;
using RenderFarm.TestKit.Goldens;

namespace RenderFarm.Diffusion.Tests.Prompts;

/// <summary>What stable-diffusion-webui's own parsers answer.</summary>
public sealed class PromptGoldenTests
{
    private const string Attention = "webui_attention.json";
    private const string Schedule = "webui_schedule.json";
    private const string And = "webui_and.json";
    private const string Chunks = "webui_chunks.json";

    public static IEnumerable<TheoryDataRow<int, string>> AttentionCases() => Rows(Attention);

    public static IEnumerable<TheoryDataRow<int, string>> ScheduleCases() => Rows(Schedule);

    public static IEnumerable<TheoryDataRow<int, string>> AndCases() => Rows(And);

    public static IEnumerable<TheoryDataRow<int, string>> ChunkCases() => Rows(Chunks);

    [Theory]
    [MemberData(nameof(AttentionCases))]
    public void Weights_are_read_as_the_reference_reads_them(int index, string prompt)
    {
        if (GoldenRows.TryGet(Attention, index, out var golden))
        {
            AssertWeighted(golden, "parsed", prompt, Emphasis.Parse(Prompt(golden)));
        }
    }

    [Theory]
    [MemberData(nameof(ScheduleCases))]
    public void Prompts_change_at_the_steps_at_which_the_reference_changes_them(int index, string prompt)
    {
        if (!GoldenRows.TryGet(Schedule, index, out var golden))
        {
            return;
        }

        var steps = golden.GetProperty("steps").GetInt32();
        int? hires = golden.TryGetProperty("hires", out var pass) && pass.ValueKind == JsonValueKind.Number ? pass.GetInt32() : null;
        // Where the reference itself fails, the prompt stays as it is.
        ScheduledText[] expected = golden.TryGetProperty("schedule", out var schedule) && schedule.ValueKind == JsonValueKind.Array
            ? [.. schedule.EnumerateArray().Select(entry => new ScheduledText(entry[0].GetInt32(), entry[1].GetString()!))]
            : [new ScheduledText(hires ?? steps, Prompt(golden))];

        Assert.True(expected.SequenceEqual(PromptSchedule.Parse(Prompt(golden), steps, hires)), prompt);
    }

    [Theory]
    [MemberData(nameof(AndCases))]
    public void Parts_joined_by_AND_have_the_weights_of_the_reference(int index, string prompt)
    {
        if (GoldenRows.TryGet(And, index, out var golden))
        {
            AssertWeighted(golden, "parts", prompt, PromptComposition.Parse(Prompt(golden)));
        }
    }

    [Theory]
    [MemberData(nameof(ChunkCases))]
    public void Chunks_are_cut_where_the_reference_cuts_them(int index, string prompt)
    {
        if (!GoldenRows.TryGet(Chunks, index, out var golden))
        {
            return;
        }

        var folder = GoldenFolder.Tokenizer(golden.GetProperty("vocab").GetString()!);
        var tokenizer = ClipTokenizer.Read(new ProblemList(folder), "", 77)!;

        var cut = ChunkedPrompt.Cut(Emphasis.Parse(Prompt(golden)), tokenizer);

        Assert.Equal(golden.GetProperty("count").GetInt32(), cut.Count);
        var expected = golden.GetProperty("chunks").EnumerateArray().ToArray();
        Assert.Equal(expected.Length, cut.Chunks.Count);
        foreach (var (one, chunk) in expected.Zip(cut.Chunks))
        {
            Assert.Equal(one.GetProperty("tokens").EnumerateArray().Select(id => id.GetInt32()), chunk.Tokens);
            Assert.All(
                one.GetProperty("weights").EnumerateArray().Zip(chunk.Weights),
                pair => Assert.True(Math.Abs(pair.First.GetDouble() - pair.Second) < 1e-6, $"a weight of {prompt} is {pair.Second}, not {pair.First}"));
        }
    }

    private static void AssertWeighted(JsonElement golden, string property, string prompt, IReadOnlyList<WeightedText> actual)
    {
        // Where the reference itself fails, the prompt stays as it is.
        (string Text, double Weight)[] expected = golden.TryGetProperty(property, out var runs) && runs.ValueKind == JsonValueKind.Array
            ? [.. runs.EnumerateArray().Select(run => (run[0].GetString()!, run[1].GetDouble()))]
            : [(Prompt(golden), 1)];
        Assert.Equal(expected.Select(run => run.Text), actual.Select(run => run.Text));
        foreach (var (one, other) in expected.Zip(actual))
        {
            Assert.True(Math.Abs(one.Weight - other.Weight) <= 1e-9 * Math.Max(1, Math.Abs(one.Weight)), $"'{one.Text}' of {prompt} has the weight {other.Weight}, not {one.Weight}");
        }
    }

    private static IEnumerable<TheoryDataRow<int, string>> Rows(string file) => GoldenRows.Of(file, _ => true, golden => JsonSerializer.Serialize(golden.GetProperty("prompt").GetString()));

    private static string Prompt(JsonElement golden) => golden.GetProperty("prompt").GetString()!;
}
