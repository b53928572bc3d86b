using RenderFarm.TestKit.Goldens;

namespace RenderFarm.Diffusion.Tests.Checkpoints;

public sealed class CheckpointGoldenTests(LoadedModels models)
{
    private const string File = "checkpoints.json";

    public static IEnumerable<TheoryDataRow<int, string>> Cases() =>
        GoldenRows.Of(File, GoldenNames.IsSupported, golden => golden.GetProperty("name").GetString()!);

    [Theory]
    [MemberData(nameof(Cases))]
    public void Pictures_of_checkpoints_equal_the_reference(int index, string name)
    {
        if (!GoldenRows.TryGet(File, index, out var golden))
        {
            return;
        }

        var checkpoint = TinyCheckpoint.PathOf("checkpoints", golden.GetProperty("checkpoint").GetString()!);

        var picture = models.Checkpoint(checkpoint).Render([GoldenNames.Request(golden)])[0];

        Differences.AssertWithin(1e-3, NpyFile.Read(GoldenFolder.PathOf("images", name + ".npy")).Values, picture.Latent.Span);
        Differences.AssertPicture(PngFile.Read(GoldenFolder.PathOf("images", name + ".png")).Rgb, picture.Rgb.Span, most: 2);
    }
}
