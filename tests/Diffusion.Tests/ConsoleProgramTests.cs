using RenderFarm.Diffusion.Provenance;
using RenderFarm.TestKit.Goldens;

namespace RenderFarm.Diffusion.Tests;

public sealed class ConsoleProgramTests
{
    [Fact]
    public void The_program_of_the_guide_renders_a_picture()
    {
        var output = Path.Combine(Directory.CreateTempSubdirectory("renderfarm-guide-").FullName, "pizza.png");

        Program([GoldenFolder.EmojiModel, output]);

        var picture = PngFile.Read(output);
        Assert.Equal((128, 128), (picture.Width, picture.Height));
        Assert.StartsWith("a pizza on a blue background\nSteps: 20", picture.Text["parameters"], StringComparison.Ordinal);
        Directory.Delete(Path.GetDirectoryName(output)!, recursive: true);
    }

    [Fact]
    public void The_guide_shows_this_very_program()
    {
        var source = Lines(Path.Combine(GoldenFolder.Repository, "tests/Diffusion.Tests/ConsoleProgramTests.cs"));
        var guide = Lines(Path.Combine(GoldenFolder.Repository, "docs/diffusion.md"));

        var program = source[(source.LastIndexOf("{", source.LastIndexOf("}") - 2) + 1)..^2];
        var shown = guide[(guide.IndexOf("```csharp") + 1)..];
        shown = shown[..shown.IndexOf("```")];

        Assert.Equal(program, shown.Where(line => !line.StartsWith("using RenderFarm", StringComparison.Ordinal)));
    }

    private static List<string> Lines(string path) => [.. File.ReadLines(path).Select(line => line.Trim()).Where(line => line.Length > 0)];

    private static void Program(string[] args)
    {
        using var pipeline = DiffusionPipeline.Load(args[0]);
        var request = new ImageRequest { Prompt = "a pizza on a blue background", Guidance = 5, Seed = 42 };
        var picture = pipeline.Render([request])[0];
        using var file = File.Create(args[1]);
        picture.WritePng(file, new Dictionary<string, string> { [GenerationText.Keyword] = GenerationText.For(picture.Request, pipeline.Model) });
    }
}
