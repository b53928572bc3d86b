using RenderFarm.Diffusion.Lora;
using RenderFarm.TestKit.Goldens;

namespace RenderFarm.Diffusion.Tests.Lora;

public sealed class LoraGoldenTests
{
    private const string Golden = "loras.json";

    public static IEnumerable<TheoryDataRow<int, string>> Pictures() => GoldenRows.Of(Golden, _ => true, golden => golden.GetProperty("name").GetString()!);

    [Theory]
    [MemberData(nameof(Pictures))]
    public void Pictures_with_loras_equal_the_reference_in_every_form_of_key(int index, string name)
    {
        if (!GoldenRows.TryGet(Golden, index, out var golden))
        {
            return;
        }

        using var pipeline = DiffusionPipeline.Load(GoldenFolder.Model(golden.GetProperty("model").GetString()!), new PipelineOptions { LoraFolder = GoldenFolder.Loras });
        var files = golden.GetProperty("loras").EnumerateArray().Select(file => file.GetString()!).ToArray();
        Assert.NotEmpty(files);
        foreach (var file in files)
        {
            var scale = golden.GetProperty("scale").GetDouble();
            var lora = new LoraUse { Name = Path.GetFileNameWithoutExtension(file), UnetWeight = scale, TextWeight = scale };

            var picture = pipeline.Render([GoldenNames.Request(golden) with { Loras = [lora] }])[0];

            Differences.AssertWithin(1e-4, NpyFile.Read(GoldenFolder.PathOf("images", name + ".npy")).Values, picture.Latent.Span);
            Differences.AssertPicture(PngFile.Read(GoldenFolder.PathOf("images", name + ".png")).Rgb, picture.Rgb.Span, most: 1);
        }
    }
}
