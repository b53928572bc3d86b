using RenderFarm.Diffusion.Models;
using RenderFarm.Diffusion.Runtime;
using RenderFarm.TestKit;
using RenderFarm.TestKit.Goldens;

namespace RenderFarm.Diffusion.Tests.Runtime;

public sealed class GraphCacheTests : IDisposable
{
    private static readonly ImageRequest Picture = new() { Prompt = "a dog", Steps = 2, Seed = 5 };

    private readonly TemporaryFolder _folder = new();
    private readonly CopiedModel _model = new(GoldenFolder.Model("tiny-sd2"));

    private string Cache => _folder.File("cache");

    public void Dispose()
    {
        _folder.Dispose();
        _model.Dispose();
    }

    [Fact]
    public void The_second_load_takes_what_the_first_one_wrote_and_draws_the_same_picture()
    {
        var first = Render(Cache);
        var entries = Directory.GetDirectories(Cache).Order().ToArray();
        var second = Render(Cache);

        Assert.Equal(3, entries.Length);
        Assert.Equal(entries, Directory.GetDirectories(Cache).Order());
        Assert.Equal((0, 3), (first.FromCache, second.FromCache));
        Assert.Equal(first.Latent, second.Latent);
        Assert.Equal(Render(null).Latent, second.Latent);
    }

    [Theory]
    [InlineData("network.onnx")]
    [InlineData("network.bin")]
    [InlineData("checksums")]
    public void A_damaged_entry_is_ignored_and_written_again(string file)
    {
        var sound = Render(Cache).Latent;
        var random = new Random(9);
        foreach (var entry in Directory.GetDirectories(Cache))
        {
            var path = Path.Combine(entry, file);
            var bytes = File.ReadAllBytes(path);
            bytes[random.Next(bytes.Length)] ^= 0x10;
            File.WriteAllBytes(path, bytes);
        }

        var again = Render(Cache);

        Assert.Equal(0, again.FromCache);
        Assert.Equal(sound, again.Latent);
        Assert.Equal(3, Render(Cache).FromCache);
    }

    [Fact]
    public void An_entry_that_misses_a_file_or_is_cut_is_written_again()
    {
        Render(Cache);
        var entries = Directory.GetDirectories(Cache);
        File.Delete(Path.Combine(entries[0], "network.bin"));
        File.Delete(Path.Combine(entries[1], "checksums"));
        using (var cut = File.OpenWrite(Path.Combine(entries[2], "network.bin")))
        {
            cut.SetLength(cut.Length / 2);
        }

        Assert.Equal(0, Render(Cache).FromCache);
        Assert.Equal(3, Render(Cache).FromCache);
    }

    [Fact]
    public void A_changed_network_is_not_taken_from_the_cache()
    {
        Render(Cache);
        File.SetLastWriteTimeUtc(_model.PathOf(NetworkFiles.Unet), new DateTime(2020, 1, 1, 0, 0, 0, DateTimeKind.Utc));

        Assert.Equal(2, Render(Cache).FromCache);
    }

    [Fact]
    public void A_cache_that_cannot_be_written_costs_nothing_but_time()
    {
        File.WriteAllText(Cache, "a file where the folder should be");

        Assert.Equal(Render(null).Latent, Render(Cache).Latent);
    }

    private (float[] Latent, int FromCache) Render(string? cache)
    {
        var model = ModelFolder.Open(_model.Folder);
        var loader = new NetworkLoader(model, InferenceDevice.Parse("cpu"), new DeviceSettings(1, cache));
        var networks = ModelNetworks.Load(model, loader, new PipelineOptions(), CancellationToken.None);
        using var pipeline = new DiffusionPipeline(model, networks);
        return (pipeline.Render([Picture])[0].Latent.ToArray(), loader.FromCache);
    }
}
