using RenderFarm.Diffusion.Previews;
using RenderFarm.TestKit.Goldens;

namespace RenderFarm.Diffusion.Tests.Previews;

public sealed class PreviewTests(LoadedModels models)
{
    [Fact]
    public void A_preview_of_the_last_step_looks_like_the_picture()
    {
        var request = new ImageRequest { Prompt = "a pizza on a blue background", Steps = 12, Seed = 3 };
        var previews = new Previewed();

        var picture = models.Emoji.Render([request, request with { Prompt = "a dog", Seed = 4 }], previews: new PreviewOptions(previews, EverySteps: 1));

        for (var row = 0; row < 2; row++)
        {
            var last = previews.All.Last(preview => preview.Index == row);
            var small = Shrunk(picture[row]);
            Assert.Equal((16, 16, small.Length), (last.Width, last.Height, last.Rgb.Length));
            Assert.InRange(Correlation(small, last.Rgb.Span), 0.5, 1);
        }
    }

    [Fact]
    public void Previews_come_every_so_many_steps_and_change_nothing()
    {
        var previews = new Previewed();
        var request = new ImageRequest { Prompt = "a dog", Steps = 7, Seed = 3 };

        var with = models.Emoji.Render([request], previews: new PreviewOptions(previews, EverySteps: 3))[0];

        Assert.Equal([3, 6], previews.All.Select(preview => preview.Step));
        Assert.All(previews.All, preview => Assert.Equal(7, preview.Steps));
        Assert.Equal(models.Emoji.Render([request])[0].Rgb.ToArray(), with.Rgb.ToArray());
    }

    [Fact]
    public void A_small_decoder_of_the_model_paints_previews_as_large_as_the_picture()
    {
        using var model = new CopiedModel(GoldenFolder.Model("tiny-sd2"));
        Directory.CreateDirectory(model.PathOf("vae_decoder_tiny"));
        File.Copy(model.PathOf("vae_decoder/model.onnx"), model.PathOf("vae_decoder_tiny/model.onnx"));
        using var pipeline = DiffusionPipeline.Load(model.Folder, new PipelineOptions { VerifyDigest = false });
        var previews = new Previewed();

        var picture = pipeline.Render([new ImageRequest { Prompt = "a dog", Steps = 4 }], previews: new PreviewOptions(previews, EverySteps: 1))[0];

        Assert.Equal(3, previews.All.Count);
        Assert.All(previews.All, preview => Assert.Equal((picture.Width, picture.Height, picture.Rgb.Length), (preview.Width, preview.Height, preview.Rgb.Length)));
        Assert.NotEqual(previews.All[0].Rgb.ToArray(), previews.All[2].Rgb.ToArray());
    }

    private static byte[] Shrunk(RenderedImage picture)
    {
        const int Factor = 8;
        var width = picture.Width / Factor;
        var small = new byte[picture.Rgb.Length / (Factor * Factor)];
        for (var i = 0; i < small.Length; i++)
        {
            var (y, x, color) = (i / 3 / width * Factor, i / 3 % width * Factor, i % 3);
            var sum = 0;
            for (var at = 0; at < Factor * Factor; at++)
            {
                sum += picture.Rgb.Span[((((y + (at / Factor)) * picture.Width) + x + (at % Factor)) * 3) + color];
            }

            small[i] = (byte)(sum / (Factor * Factor));
        }

        return small;
    }

    private static double Correlation(ReadOnlySpan<byte> a, ReadOnlySpan<byte> b)
    {
        var (meanA, meanB) = (Mean(a), Mean(b));
        var (both, ofA, ofB) = (0.0, 0.0, 0.0);
        for (var i = 0; i < a.Length; i++)
        {
            both += (a[i] - meanA) * (b[i] - meanB);
            ofA += (a[i] - meanA) * (a[i] - meanA);
            ofB += (b[i] - meanB) * (b[i] - meanB);
        }

        return both / Math.Sqrt(ofA * ofB);
    }

    private static double Mean(ReadOnlySpan<byte> values)
    {
        var sum = 0.0;
        foreach (var value in values)
        {
            sum += value;
        }

        return sum / values.Length;
    }

    private sealed class Previewed : IProgress<Preview>
    {
        public List<Preview> All { get; } = [];

        public void Report(Preview value) => All.Add(value);
    }
}
