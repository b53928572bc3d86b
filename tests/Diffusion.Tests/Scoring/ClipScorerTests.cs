using System.Text.Json;
using RenderFarm.Diffusion.Models;
using RenderFarm.Diffusion.Scoring;
using RenderFarm.TestKit.Goldens;

namespace RenderFarm.Diffusion.Tests.Scoring;

public sealed class ClipScorerTests
{
    private const string Golden = "clip_scores.json";

    private static readonly string ClipFolder = Path.Combine(GoldenFolder.EmojiModel, "clip");

    public static IEnumerable<TheoryDataRow<int, string>> Pictures() =>
        GoldenRows.Of(Golden, _ => true, row => $"{row.GetArrayLength()} prompts");

    [Theory]
    [MemberData(nameof(Pictures))]
    public void Scores_equal_the_reference(int picture, string name)
    {
        if (!GoldenRows.TryGet(Golden, picture, out var row))
        {
            return;
        }

        using var document = JsonDocument.Parse(File.ReadAllText(GoldenFolder.PathOf(Golden)));
        var prompts = document.RootElement.GetProperty("prompts").EnumerateArray().Select(prompt => prompt.GetString()!).ToArray();
        var expected = row.EnumerateArray().Select(score => score.GetDouble()).ToArray();
        var png = PngFile.Read(GoldenFolder.PathOf("images", $"score_{picture}.png"));
        Assert.Equal($"{prompts.Length} prompts", name);
        using var scorer = ClipScorer.Load(ClipFolder);

        foreach (var (prompt, score) in prompts.Zip(expected))
        {
            Assert.Equal(score, scorer.Score(prompt, png.Rgb, png.Width, png.Height), (png.Width, png.Height) == (128, 128) ? 1e-4 : 0.01);
        }
    }

    [Theory]
    [InlineData("preprocessor_config.json", "\"resample\": 3", "\"resample\": 2", "resample is 2")]
    [InlineData("preprocessor_config.json", "\"do_normalize\": true", "\"do_normalize\": false", "do_normalize is false")]
    [InlineData("preprocessor_config.json", "\"shortest_edge\": 128", "\"shortest_edge\": 64", "crop_size is 128x128")]
    [InlineData("preprocessor_config.json", "\"shortest_edge\": 128", "\"shortest_edge\": \"small\"", "size is \"small\"")]
    [InlineData("preprocessor_config.json", "\"image_std\": [\n    0.5,", "\"image_std\": [\n    0,", "image_std is 0")]
    [InlineData("config.json", "{\n  \"architectures\"", "\n  \"architectures\"", "not JSON")]
    public void A_value_that_is_not_allowed_is_named(string file, string from, string to, string told)
    {
        using var copy = new CopiedModel(ClipFolder);
        copy.Replace(file, from, to);

        var problem = Assert.Throws<ModelFolderException>(() => ClipScorer.Load(copy.Folder));

        Assert.Equal(file, problem.File);
        Assert.Contains(told, problem.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_missing_file_is_named()
    {
        var problem = Assert.Throws<ModelFolderException>(() => ClipScorer.Load(Path.Combine(ClipFolder, "nothing")));

        Assert.Equal(
            ["preprocessor_config.json", "config.json", "vocab.json", "merges.txt", "onnx/text_model.onnx", "onnx/vision_model.onnx"],
            problem.Problems.Select(one => one.File));
    }

    [Fact]
    public void A_network_of_another_kind_is_named_with_what_it_has()
    {
        using var copy = new CopiedModel(ClipFolder);
        File.Copy(copy.PathOf("onnx/vision_model.onnx"), copy.PathOf("onnx/text_model.onnx"), overwrite: true);

        var problem = Assert.Throws<ModelFolderException>(() => ClipScorer.Load(copy.Folder));

        Assert.Contains("pixel_values", problem.Problem, StringComparison.Ordinal);
        Assert.Contains("needed is input_ids", problem.Problem, StringComparison.Ordinal);
    }
}
