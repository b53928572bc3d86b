namespace RenderFarm.Diffusion.Tests;

public sealed class CancellationTests(LoadedModels models)
{
    [Fact]
    public void Cancelling_ends_the_network_run_that_is_on()
    {
        // At this size one run takes far longer than the delay, which starts when the first run has ended.
        using var cancel = new CancellationTokenSource();
        var progress = new OnReport(_ => cancel.CancelAfter(TimeSpan.FromMilliseconds(20)));

        Assert.Throws<OperationCanceledException>(() =>
            models.Emoji.Render([new() { Prompt = "a dog", Width = 512, Height = 512, Steps = 50, Guidance = 4 }], progress, ct: cancel.Token));

        // A second report would mean that the run went on to its end.
        Assert.Equal(1, progress.Count);
        Assert.Equal(128, models.Emoji.Render([new() { Prompt = "a dog", Steps = 1 }])[0].Width);
    }

    [Fact]
    public void A_token_that_is_cancelled_already_renders_and_loads_nothing()
    {
        var cancelled = new CancellationToken(canceled: true);

        Assert.ThrowsAny<OperationCanceledException>(() => models.Tiny.Render([new() { Prompt = "a dog" }], ct: cancelled));
        Assert.ThrowsAny<OperationCanceledException>(() => DiffusionPipeline.Load(models.Tiny.Model.Path, ct: cancelled));
    }

    private sealed class OnReport(Action<StepProgress> action) : IProgress<StepProgress>
    {
        public int Count { get; private set; }

        public void Report(StepProgress value)
        {
            Count++;
            action(value);
        }
    }
}
