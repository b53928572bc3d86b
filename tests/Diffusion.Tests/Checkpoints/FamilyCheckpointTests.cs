using RenderFarm.Diffusion.Checkpoints;
using RenderFarm.Diffusion.Checkpoints.Recognition;
using RenderFarm.Diffusion.Models.Reading;
using RenderFarm.TestKit;
using RenderFarm.TestKit.Goldens;

namespace RenderFarm.Diffusion.Tests.Checkpoints;

public sealed class FamilyCheckpointTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("sd1", PredictionSigns.Epsilon, 512, 11)]
    [InlineData("sd1-inpainting", PredictionSigns.Epsilon, 512, 11)]
    [InlineData("sd2", PredictionSigns.V, 768, 22)]
    [InlineData("sd2", PredictionSigns.Epsilon, 512, 22)]
    [InlineData("sd2-inpainting", PredictionSigns.Epsilon, 512, 22)]
    [InlineData("sdxl", PredictionSigns.Epsilon, 1024, 11)]
    [InlineData("sdxl", PredictionSigns.V, 1024, 11)]
    [InlineData("sdxl-inpainting", PredictionSigns.Epsilon, 1024, 11)]
    public void A_checkpoint_of_every_family_is_a_model_with_what_its_makers_trained_it_on(string family, string prediction, int side, int clipSkip)
    {
        var isXl = family.StartsWith("sdxl", StringComparison.Ordinal);
        var file = _folder.File("model.safetensors");
        SparseCheckpoint.Write(file, SparseCheckpoint.TensorsOf(family));

        // Said to be hashed already, as gigabytes of zeros take seconds.
        var hashed = CheckpointLink.Of(HashedFile.Of(file, "", FileState.Of(file)), prediction);
        hashed.Write(_folder.File("model"));
        var inspection = CheckpointReader.ReadLinked(_folder.File("model"), SharedParts.Shipped, FileHashes.Unremembered, TestContext.Current.CancellationToken)!;

        Assert.Empty(inspection.Problems);
        var model = inspection.Model!;
        Assert.Equal((family, prediction, "float16", side), (model.Family, model.PredictionType, model.Precision, model.DefaultWidth));
        Assert.Equal((8, 64 >> (isXl ? 1 : 0), clipSkip, true), (model.LatentFactor, model.SizeMultiple, model.MaxClipSkip, model.CanStartFromImage));
        Assert.Equal(isXl ? 0.13025 : 0.18215, model.Parts.Vae.ScalingFactor);
        Assert.Equal((0.00085, 0.012, "scaled_linear", 1, false), (model.Parts.Scheduler.BetaStart, model.Parts.Scheduler.BetaEnd, model.Parts.Scheduler.BetaSchedule, model.Parts.Scheduler.StepsOffset, model.Parts.Scheduler.SetAlphaToOne));
        Assert.Equal((isXl ? "leading" : null, isXl), (model.Parts.Scheduler.TimestepSpacing, model.Parts.EmptyPromptIsZeros));
        Assert.Equal(isXl ? [49407, 0] : family.StartsWith("sd2", StringComparison.Ordinal) ? [0] : [49407], model.Parts.TextEncoders.Select(encoder => encoder.Tokenizer.Pad));
        Assert.Equal((isXl ? 2048 : family.StartsWith("sd2", StringComparison.Ordinal) ? 1024 : 768, isXl ? 1280 : 0), (model.Parts.ConditioningWidth, model.Parts.PooledWidth));
    }
}
