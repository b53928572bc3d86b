using RenderFarm.TestKit.Goldens;

namespace RenderFarm.Diffusion.Tests;

public sealed class PictureGoldenTests(LoadedModels models) : IClassFixture<LoadedModels>
{
    public static IEnumerable<TheoryDataRow<string, string>> Pictures() => Rows("images.json");

    public static IEnumerable<TheoryDataRow<string, string>> TinyPictures() => Rows("tiny.json");

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Pictures))]
    public void Pictures_equal_the_reference(string file, string name) => Compare(file, name, latents: 1e-4, most: 2);

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(TinyPictures))]
    public void Pictures_of_tiny_models_equal_the_reference(string file, string name) => Compare(file, name, latents: 1e-5, most: 1);

    private static IEnumerable<TheoryDataRow<string, string>> Rows(string file) => GoldenFolder.Cases(file)
        .Where(GoldenNames.IsSupportedPicture)
        .Select(golden => new TheoryDataRow<string, string>(file, golden.GetProperty("name").GetString()!));

    private void Compare(string file, string name, double latents, int most)
    {
        GoldenCounts.Count(file);
        var golden = GoldenFolder.Cases(file).Single(one => one.GetProperty("name").GetString() == name);
        var model = golden.TryGetProperty("model", out var named) ? named.GetString()! : "emoji";

        var picture = models.Get(GoldenFolder.Model(model)).Render([GoldenNames.Request(golden)])[0];

        Differences.AssertWithin(latents, NpyFile.Read(GoldenFolder.PathOf("images", name + ".npy")).Values, picture.Latent.Span);
        Differences.AssertPicture(PngFile.Read(GoldenFolder.PathOf("images", name + ".png")).Rgb, picture.Rgb.Span, most);
    }
}
