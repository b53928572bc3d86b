using RenderFarm.TestKit.Goldens;

namespace RenderFarm.Diffusion.Tests;

public sealed class PictureGoldenTests(LoadedModels models)
{
    // It takes a whole step by the slope at the step's end, which multiplies what is left of rounding; the reference itself on
    // ONNX Runtime is 3e-4 away from its answer on torch.
    private const double Dpm2AncestralLatents = 2e-3;

    public static IEnumerable<TheoryDataRow<int, string>> Pictures() => Rows("images.json");

    public static IEnumerable<TheoryDataRow<int, string>> TinyPictures() => Rows("tiny.json");

    [Theory]
    [MemberData(nameof(Pictures))]
    public void Pictures_equal_the_reference(int index, string name) => Compare("images.json", index, name, latents: 1e-4, most: 2);

    [Theory]
    [MemberData(nameof(TinyPictures))]
    public void Pictures_of_tiny_models_equal_the_reference(int index, string name) => Compare("tiny.json", index, name, latents: 1e-5, most: 1);

    private static IEnumerable<TheoryDataRow<int, string>> Rows(string file) =>
        GoldenRows.Of(file, GoldenNames.IsSupportedPicture, golden => golden.GetProperty("name").GetString()!);

    private void Compare(string file, int index, string name, double latents, int most)
    {
        if (!GoldenRows.TryGet(file, index, out var golden))
        {
            return;
        }

        var model = golden.TryGetProperty("model", out var named) ? named.GetString()! : "emoji";

        var picture = models.Get(GoldenFolder.Model(model)).Render([GoldenNames.Request(golden)])[0];

        latents = GoldenNames.Sampler(golden) == SamplerNames.Dpm2Ancestral ? Dpm2AncestralLatents : latents;
        Differences.AssertWithin(latents, NpyFile.Read(GoldenFolder.PathOf("images", name + ".npy")).Values, picture.Latent.Span);
        Differences.AssertPicture(PngFile.Read(GoldenFolder.PathOf("images", name + ".png")).Rgb, picture.Rgb.Span, most);
    }
}
