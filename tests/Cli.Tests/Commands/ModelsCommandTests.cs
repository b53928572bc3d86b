using RenderFarm.TestKit;
using RenderFarm.TestKit.Farms;

namespace RenderFarm.Cli.Tests.Commands;

public sealed class ModelsCommandTests
{
    private static readonly string Emoji = Path.Combine(Repository.Models, "emoji");

    [Fact]
    public async Task A_good_model_is_told_by_name_size_digest_and_what_it_can_do()
    {
        var (code, line) = await CommandLine.RunAsync(["models", "check", Emoji]);

        Assert.Equal(0, code);
        Assert.Matches("^emoji can be used: sd1, 128x128, [0-9.]+ MiB, digest [0-9a-f]{64}$", line.Lines[0]);
        Assert.Equal(
            [
                "weights    float32",
                "predicts   epsilon",
                "sizes      128x128 unless asked otherwise, multiples of 32",
                "timesteps  one per row: rows of a batch may differ in sampler and steps",
                "clip skip  up to 3",
                "does       text to image, image to image, inpainting (by blending)",
                "has        a CLIP that chooses the best of several",
                "digests    every file agrees with SHA256SUMS",
            ],
            line.Lines.Skip(1));
    }

    [Fact]
    public async Task A_broken_model_is_told_with_everything_that_is_wrong_and_never_added()
    {
        using var folder = new TemporaryFolder();
        var broken = Directory.CreateDirectory(folder.File("broken")).FullName;
        File.Copy(Path.Combine(Emoji, "model_index.json"), Path.Combine(broken, "model_index.json"));

        var (check, checkedLine) = await CommandLine.RunAsync(["models", "check", broken]);
        var (add, _) = await CommandLine.RunAsync(["models", "add", broken, "--data", folder.File("data")]);

        Assert.Equal((ExitCodes.Failed, ExitCodes.Failed), (check, add));
        Assert.Contains("unet", checkedLine.Error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(folder.File("data/models/broken")));
    }

    [Fact]
    public async Task A_model_is_added_once_beside_the_bundled_one()
    {
        using var folder = new TemporaryFolder();
        var renamed = folder.File("mine");
        Directory.CreateSymbolicLink(renamed, Emoji);
        string[] add = ["models", "add", renamed, "--data", folder.File("data")];

        var (first, line) = await CommandLine.RunAsync(add);
        var (again, refused) = await CommandLine.RunAsync(add);

        Assert.Equal((ExitCodes.Done, ExitCodes.Failed), (first, again));
        Assert.StartsWith("mine is in", line.Out, StringComparison.Ordinal);
        Assert.StartsWith("There is a model mine already", refused.Error, StringComparison.Ordinal);
        Assert.Equal(["emoji", "mine"], Directory.GetDirectories(folder.File("data/models")).Select(Path.GetFileName).Order());
        Assert.Equal(
            await File.ReadAllBytesAsync(Path.Combine(Emoji, "unet/model.onnx"), TestContext.Current.CancellationToken),
            await File.ReadAllBytesAsync(folder.File("data/models/mine/unet/model.onnx"), TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_model_that_is_not_there_is_named()
    {
        var (code, line) = await CommandLine.RunAsync(["models", "check", "/nowhere"]);

        Assert.Equal((ExitCodes.Failed, "There is no folder or checkpoint /nowhere."), (code, line.Error.Trim()));
    }
}
