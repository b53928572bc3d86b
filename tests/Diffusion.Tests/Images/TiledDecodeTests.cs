using RenderFarm.Diffusion.Images;
using RenderFarm.TestKit.Goldens;

namespace RenderFarm.Diffusion.Tests.Images;

public sealed class TiledDecodeTests(LoadedModels models)
{
    [Theory]
    [InlineData(16, 16, new[] { 0 })]
    [InlineData(10, 16, new[] { 0 })]
    [InlineData(17, 16, new[] { 0, 1 })]
    [InlineData(32, 16, new[] { 0, 8, 16 })]
    [InlineData(40, 16, new[] { 0, 12, 24 })]
    public void Tiles_cover_a_side_and_overlap_by_a_quarter_or_more(int side, int tile, int[] starts) => Assert.Equal(starts, TiledDecode.Starts(side, tile));

    [Theory]
    [InlineData(8, 8)]
    [InlineData(9, 23)]
    [InlineData(30, 8)]
    public void Tiles_of_a_decoder_without_context_make_the_whole_picture(int height, int width)
    {
        const int Factor = 2;
        float At(int y, int x, int channel) => channel + (0.01f * y) + (0.3f * (x % 7));
        var planes = new float[3 * height * width * Factor * Factor];

        TiledDecode.Run(
            height,
            width,
            tile: 8,
            Factor,
            (top, left, rows, columns) =>
            {
                var tile = new float[3 * rows * columns * Factor * Factor];
                for (var i = 0; i < tile.Length; i++)
                {
                    var (channel, y, x) = (i / (rows * columns * Factor * Factor), i / (columns * Factor) % (rows * Factor), i % (columns * Factor));
                    tile[i] = At((top * Factor) + y, (left * Factor) + x, channel);
                }

                return tile;
            },
            planes);

        for (var i = 0; i < planes.Length; i++)
        {
            var (channel, y, x) = (i / (height * width * Factor * Factor), i / (width * Factor) % (height * Factor), i % (width * Factor));
            Assert.Equal(At(y, x, channel), planes[i], 1e-4f);
        }
    }

    [Fact]
    public void A_picture_decoded_in_tiles_shows_no_seams()
    {
        var request = new ImageRequest { Prompt = "a pizza on a blue background", Width = 256, Height = 256, Steps = 4, Seed = 5 };
        using var tiled = DiffusionPipeline.Load(GoldenFolder.EmojiModel, new PipelineOptions { VerifyDigest = false, VaeTileSide = 128 });

        var whole = models.Emoji.Render([request])[0].Rgb.ToArray();
        var picture = tiled.Render([request])[0].Rgb.ToArray();

        // Norms and attention see a tile where they would see the picture, so pixels differ a little everywhere. At the edges of the tiles and between them, what
        // differs may not change more from a pixel to its neighbour than it does elsewhere: on the mean, by at most one of 255.
        Assert.NotEqual(whole, picture);
        var difference = picture.Zip(whole, (a, b) => a - b).ToArray();
        int At(int y, int x, int color) => difference[(((y * 256) + x) * 3) + color];
        double Change(int edge) => Enumerable.Range(0, 256 * 3).Average(i =>
            (Math.Abs(At(i / 3, edge, i % 3) - At(i / 3, edge - 1, i % 3)) + Math.Abs(At(edge, i / 3, i % 3) - At(edge - 1, i / 3, i % 3))) / 2.0);
        int[] edges = [64, 96, 128, 160, 192];
        var elsewhere = Enumerable.Range(1, 255).Except(edges).Average(Change);
        Assert.All(edges, edge => Assert.InRange(Change(edge) - elsewhere, -1, 1));
    }

    [Theory]
    [InlineData(-64)]
    [InlineData(32)]
    [InlineData(100)]
    public void A_side_that_makes_no_tiles_is_refused(int side) => Assert.Throws<ArgumentOutOfRangeException>(
        () => DiffusionPipeline.Load(GoldenFolder.EmojiModel, new PipelineOptions { VaeTileSide = side }));
}
