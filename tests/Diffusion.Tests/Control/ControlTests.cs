using RenderFarm.Diffusion.Control;
using RenderFarm.Diffusion.Images;
using RenderFarm.Diffusion.Models;
using RenderFarm.Diffusion.Schedules;
using RenderFarm.TestKit.Goldens;

namespace RenderFarm.Diffusion.Tests.Control;

public sealed class ControlTests(LoadedModels models) : IDisposable
{
    private const int Side = 64;
    private const double Tolerance = 1e-5;

    private static readonly InputImage Picture = new(Side, Side, Enumerable.Range(0, 3 * Side * Side).Select(i => (byte)(i * 7)).ToArray());
    private static readonly ImageRequest Request = new() { Prompt = "a dog", Steps = 4, Guidance = 3, Sampler = SamplerNames.Euler, Seed = 8 };
    private static readonly ImageRequest Guided = Request with { Control = new ControlImage { Image = Picture } };

    private readonly CopiedModel _model = new(GoldenFolder.Model("tiny-sd2"));

    public void Dispose() => _model.Dispose();

    [Theory]
    [InlineData(1)]
    [InlineData(0.4)]
    public void A_controlnet_draws_what_one_network_with_both_built_in_draws(double scale)
    {
        using var built = new CopiedModel(GoldenFolder.Model("tiny-sd2"));
        TinyControl.BuildIn(built, Planes(), Side, (float)scale);
        using var one = DiffusionPipeline.Load(built.Folder);
        using var pipeline = Controlled();

        var picture = pipeline.Render([Guided with { Control = Guided.Control! with { Scale = scale } }])[0];

        Differences.AssertWithin(Tolerance, one.Render([Request])[0].Latent.Span, picture.Latent.Span);
        Assert.True(Differences.Largest(models.Tiny.Render([Request])[0].Latent.Span, picture.Latent.Span) > 0.01);
    }

    [Fact]
    public void Without_a_control_image_the_model_draws_as_without_its_controlnet()
    {
        using var pipeline = Controlled();
        var plain = models.Tiny.Render([Request])[0].Latent;

        foreach (var request in new[]
        {
            Request,
            Guided with { Control = Guided.Control! with { Scale = 0 } },
            Guided with { Control = Guided.Control! with { End = 0 } },
            Guided with { Control = Guided.Control! with { Start = 1 } },
        })
        {
            // Guided rows before it leave nothing behind.
            pipeline.Render([Guided]);
            Differences.AssertWithin(Tolerance, plain.Span, pipeline.Render([request])[0].Latent.Span);
        }
    }

    [Fact]
    public void Rows_of_a_batch_are_guided_each_by_its_own_picture_or_none()
    {
        using var pipeline = Controlled();
        var dark = new InputImage(Side / 2, Side, new byte[3 * Side * Side / 2]);
        ImageRequest[] batch = [Request, Guided, Guided with { Guidance = 1, Seed = 9 }, Guided with { Control = new ControlImage { Image = dark, End = 0.5 } }];

        var together = pipeline.Render(batch);

        for (var i = 0; i < batch.Length; i++)
        {
            Differences.AssertWithin(Tolerance, pipeline.Render([batch[i]])[0].Latent.Span, together[i].Latent.Span);
        }
    }

    [Theory]
    [InlineData(0, 1, "1111")]
    [InlineData(0.5, 1, "0011")]
    [InlineData(0, 0.5, "1100")]
    [InlineData(0.3, 0.8, "0010")]
    public void Only_steps_between_start_and_end_are_guided(double start, double end, string guided)
    {
        var schedule = NoiseSchedule.Through([800, 600, 400, 200, 100, 0], [9, 7, 5, 3, 2, 1, 0], 1) with { Start = 2 };
        var control = RowControl.Of(Guided with { Width = Side, Height = Side, Control = new ControlImage { Image = Picture, Start = start, End = end } }, schedule)!;

        Assert.Equal(guided, string.Concat(Enumerable.Range(2, 4).Select(step => control.ScaleAt(step))));
    }

    [Fact]
    public void What_cannot_guide_is_refused()
    {
        Assert.Contains("controlnet/model.onnx", Assert.Throws<RenderRequestException>(() => models.Tiny.Check(Guided)).Allowed, StringComparison.Ordinal);
        using var pipeline = Controlled();
        foreach (var (field, control) in new[]
        {
            ("Control.Scale", Guided.Control! with { Scale = double.NaN }),
            ("Control.Start", Guided.Control! with { Start = -0.1 }),
            ("Control.End", Guided.Control! with { Start = 0.5, End = 0.4 }),
        })
        {
            Assert.Equal(field, Assert.Throws<RenderRequestException>(() => pipeline.Check(Guided with { Control = control })).Field);
        }
    }

    private static float[] Planes()
    {
        var rgb = Picture.Rgb.Span.ToArray();
        return [.. Enumerable.Range(0, rgb.Length).Select(i => rgb[(i % (Side * Side) * 3) + (i / (Side * Side))] / 255f)];
    }

    private DiffusionPipeline Controlled()
    {
        TinyControl.AddTo(_model);
        Assert.True(ModelFolder.Open(_model.Folder).HasControlNet);
        return DiffusionPipeline.Load(_model.Folder);
    }
}
