namespace RenderFarm.Diffusion.Tests;

public sealed class TilingTests(LoadedModels models)
{
    // Small enough that the thing reaches over the edges.
    private static readonly ImageRequest Picture = new() { Prompt = "a pizza on a blue background", Width = 64, Height = 64, Steps = 8, Guidance = 4 };

    [Fact]
    public void Opposite_edges_of_tiled_pictures_continue_each_other()
    {
        ImageRequest[] batch = [.. Enumerable.Range(0, 8).Select(seed => Picture with { Seed = seed })];

        var plain = models.Emoji.Render(batch);
        var tiled = models.Emoji.Render([.. batch.Select(one => one with { Tiling = true })]);

        // The step over the edge is like a step inside the picture.
        Assert.InRange(tiled.Average(EdgeToInside), 0, 2);
        Assert.True(plain.Average(EdgeToInside) > 5, "Without tiling the edges differ.");
        Assert.Equal(plain[3].Latent.ToArray(), models.Emoji.Render(batch)[3].Latent.ToArray());
    }

    [Fact]
    public void Tiled_pictures_and_others_do_not_share_a_batch()
    {
        var problem = Assert.Throws<RenderRequestException>(() => models.Tiny.Render([Picture, Picture with { Tiling = true }]));

        Assert.Equal(nameof(ImageRequest.Tiling), problem.Field);
        Assert.False(models.Tiny.CanShareBatch(Picture, Picture with { Tiling = true }));
    }

    private static double EdgeToInside(RenderedImage image) => StepAt(image, image.Width - 1) / Inside(image);

    private static double Inside(RenderedImage image) => Enumerable.Range(0, image.Width - 1).Average(column => StepAt(image, column));

    /// <summary>How far a column's values are from those of the next one, which is the first after the last.</summary>
    private static double StepAt(RenderedImage image, int column)
    {
        var next = (column + 1) % image.Width;
        return Enumerable.Range(0, image.Height).SelectMany(row => Enumerable.Range(0, 3).Select(channel =>
            Math.Abs(Value(row, column, channel) - Value(row, next, channel)))).Average();

        double Value(int row, int x, int channel) => image.Rgb.Span[(((row * image.Width) + x) * 3) + channel];
    }
}
