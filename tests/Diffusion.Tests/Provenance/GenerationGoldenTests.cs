using System.Text.Json;
using RenderFarm.Diffusion.Provenance;
using RenderFarm.TestKit.Goldens;

namespace RenderFarm.Diffusion.Tests.Provenance;

/// <summary>What stable-diffusion-webui's own parser finds in texts, and how it quotes values.</summary>
public sealed class GenerationGoldenTests
{
    private const string File = "webui_infotext.json";

    public static IEnumerable<TheoryDataRow<int, string>> Texts => GoldenRows.Of(File, _ => true, golden => golden.GetProperty("text").GetString()!);

    [Theory]
    [MemberData(nameof(Texts))]
    public void A_text_is_taken_apart_as_webui_does(int index, string name)
    {
        Assert.NotNull(name);
        if (!GoldenRows.TryGet(File, index, out var golden))
        {
            return;
        }

        var expected = golden.GetProperty("fields").Deserialize<Dictionary<string, string>>()!;

        var generation = GenerationText.Parse(golden.GetProperty("text").GetString()!);

        var found = new Dictionary<string, string>(generation.Fields) { ["Prompt"] = generation.Prompt, ["Negative prompt"] = generation.NegativePrompt };
        Assert.Equal(expected.OrderBy(pair => pair.Key, StringComparer.Ordinal), found.OrderBy(pair => pair.Key, StringComparer.Ordinal));
    }

    [Fact]
    public void Values_are_quoted_as_webui_does()
    {
        var path = GoldenFolder.PathOf(File);
        if (!System.IO.File.Exists(path))
        {
            return;
        }

        using var document = JsonDocument.Parse(System.IO.File.ReadAllText(path));
        if (!document.RootElement.TryGetProperty("quote", out var quotes))
        {
            return;
        }

        foreach (var quote in quotes.EnumerateArray())
        {
            Assert.Equal(quote.GetProperty("written").GetString(), GenerationText.Quote(quote.GetProperty("value").GetString()!));
        }
    }
}
