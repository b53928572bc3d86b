using System.Text;
using RenderFarm.Diffusion.Lora;
using RenderFarm.Diffusion.Lora.Merging;
using RenderFarm.Diffusion.Models;
using RenderFarm.Diffusion.Models.Reading;
using RenderFarm.Diffusion.Onnx;
using RenderFarm.Diffusion.Tests.Checkpoints;
using RenderFarm.Diffusion.Weights;
using RenderFarm.TestKit;
using RenderFarm.TestKit.Goldens;

namespace RenderFarm.Diffusion.Tests.Lora.Merging;

public sealed class MergedFilesTests : IDisposable
{
    private const string Kohya = "tiny-sd2.kohya";

    private static readonly ImageRequest Dog = new() { Prompt = "a dog", Steps = 2, Guidance = 4, Seed = 3, Sampler = SamplerNames.Euler, Width = 64, Height = 64 };

    private readonly TemporaryFolder _folder = new();
    private readonly Lazy<OnnxGraphFile> _unet = new(() => TinyCheckpoint.Open(TinyCheckpoint.File).Networks.Read(NetworkFiles.Unet));

    public MergedFilesTests()
    {
        Directory.CreateDirectory(_folder.File("loras"));
        File.Copy(Path.Combine(GoldenFolder.Default, "loras", $"{Kohya}.safetensors"), _folder.File($"loras/{Kohya}.safetensors"));
        WriteStyle("style", 0.02f);
    }

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(Kohya, 2)]
    [InlineData("style", 1)]
    public void Pictures_with_merged_weights_from_files_equal_those_merged_in_memory(string lora, int networks)
    {
        var expected = Render(lora, cache: null);

        var (written, read) = (Render(lora), Render(lora));

        Assert.Equal(networks, Entries().Length);
        Assert.Equal(expected, written);
        Assert.Equal(expected, read);
        Assert.NotEqual(expected, Render(lora, share: 0));
    }

    [Fact]
    public void A_set_that_was_merged_before_is_read_from_its_file()
    {
        Render("style");
        var whole = Assert.Single(Entries());
        var half = Render("style", share: 0.5);

        // With the other's file in its place it draws what the other draws.
        File.Copy(Assert.Single(Entries(), entry => entry != whole), whole, overwrite: true);

        Assert.Equal(half, Render("style"));
    }

    [Fact]
    public void A_file_holds_the_weights_that_the_LoRA_touches_and_no_others()
    {
        Assert.True(Map());

        // One matrix of 32 x 32 in the checkpoint's own precision, and a header.
        Assert.InRange(new FileInfo(Assert.Single(Entries())).Length, 32 * 32 * 2, (32 * 32 * 2) + 1024);
    }

    [Fact]
    public void Another_share_and_another_LoRA_have_files_of_their_own()
    {
        WriteStyle("other", 0.03f);
        Assert.True(Map() && Map(share: 0.5) && Map("other"));
        Assert.Equal(3, Entries().Length);

        // The file is known by its content: under another name it is the same.
        File.Move(_folder.File("loras/other.safetensors"), _folder.File("loras/renamed.safetensors"));
        Assert.True(Map("renamed"));
        Assert.Equal(3, Entries().Length);

        WriteStyle("renamed", 0.05f);
        Assert.True(Map("renamed"));
        Assert.Equal(4, Entries().Length);
    }

    [Fact]
    public void A_damaged_file_is_written_again()
    {
        Map();
        var entry = Assert.Single(Entries());
        var sound = File.ReadAllBytes(entry);
        foreach (var damaged in new[] { 0, 1, 100, sound.Length - 1 }.Select(at => (byte[])[.. sound[..at], (byte)(sound[at] ^ 0x10), .. sound[(at + 1)..]]).Append(sound[..^5]).Append([]))
        {
            File.WriteAllBytes(entry, damaged);

            Assert.True(Map());
            Assert.Equal(sound, File.ReadAllBytes(entry));
        }
    }

    [Fact]
    public void The_files_used_longest_ago_make_room_for_new_ones()
    {
        Map();
        var first = Assert.Single(Entries());
        Map(share: 0.5);
        var second = Assert.Single(Entries(), entry => entry != first);
        File.SetLastWriteTimeUtc(first, new DateTime(2020, 1, 1, 0, 0, 0, DateTimeKind.Utc));
        File.SetLastWriteTimeUtc(second, new DateTime(2020, 1, 2, 0, 0, 0, DateTimeKind.Utc));

        // Used once more, the first one is the younger.
        Map();
        Assert.True(Map(share: 0.25, most: 2 * new FileInfo(first).Length));

        Assert.Equal((true, false, 2), (File.Exists(first), File.Exists(second), Entries().Length));
    }

    [Fact]
    public void What_does_not_fit_at_all_is_not_written_and_removes_nothing()
    {
        Map();

        Assert.False(Map(share: 0.5, most: 1000));
        Assert.Single(Entries());
    }

    [Fact]
    public void Where_nothing_can_be_written_LoRAs_are_merged_in_memory()
    {
        File.WriteAllText(_folder.File("cache"), "no folder");

        Assert.False(Map());
        Assert.Equal(Render("style", cache: null), Render("style"));
    }

    [Fact]
    public void Drafts_that_a_dead_process_left_are_removed()
    {
        Directory.CreateDirectory(_folder.File("cache/loras"));
        var (dead, alive) = (_folder.File("cache/loras/dead.draft"), _folder.File("cache/loras/alive.draft"));
        File.WriteAllText(dead, "half");
        File.WriteAllText(alive, "half");
        File.SetLastWriteTimeUtc(dead, new DateTime(2020, 1, 1, 0, 0, 0, DateTimeKind.Utc));

        Assert.True(Map());
        Assert.Equal((false, true), (File.Exists(dead), File.Exists(alive)));
    }

    [Fact]
    public void A_LoRA_of_values_that_cannot_be_read_leaves_no_draft()
    {
        var lora = _folder.File("loras/whole.safetensors");
        SafetensorsBytes.Write(lora, SafetensorsBytes.Read(_folder.File("loras/style.safetensors")), dtype: "F16");
        File.WriteAllText(lora, File.ReadAllText(lora, Encoding.Latin1).Replace("F16", "I16", StringComparison.Ordinal), Encoding.Latin1);

        Assert.Throws<WeightFileException>(() => Map("whole"));

        Assert.Empty(Directory.GetFiles(_folder.File("cache/loras")));
    }

    [Fact]
    public void A_cancellation_between_two_networks_is_told_as_one()
    {
        var read = ModelFolder.Open(GoldenFolder.Model("tiny-sd2"));
        var networks = new InterruptedNetworks(read.Networks);
        using var pipeline = DiffusionPipeline.Load(
            new ModelFolder(read.Path, read.Digest, read.WeightBytes, read.Parts, networks),
            new PipelineOptions { LoraFolder = _folder.File("loras"), CacheFolder = _folder.File("cache") });
        var request = Dog with { Loras = [new LoraUse { Name = Kohya }] };

        // The plan reads the UNet as well.
        networks.UnetsLeft = 1;
        Assert.Throws<OperationCanceledException>(() => pipeline.Render([request]));

        networks.UnetsLeft = int.MaxValue;
        Assert.Equal(Render(Kohya), pipeline.Render([request])[0].Latent.ToArray());
    }

    /// <summary>With the golden LoRA on the exported model that it is for, or with the test's own on the checkpoint.</summary>
    private float[] Render(string lora, string? cache = "cache", double share = 1)
    {
        var options = new PipelineOptions { LoraFolder = _folder.File("loras"), CacheFolder = cache is null ? null : _folder.File(cache) };
        var model = lora == Kohya ? ModelFolder.Open(GoldenFolder.Model("tiny-sd2")) : TinyCheckpoint.Open(TinyCheckpoint.File);
        using var pipeline = DiffusionPipeline.Load(model, options);
        return pipeline.Render([Dog with { Loras = [new LoraUse { Name = lora, UnetWeight = share, TextWeight = share }] }])[0].Latent.ToArray();
    }

    /// <summary>Merges the LoRA into the checkpoint's UNet; whether that lies in a file.</summary>
    private bool Map(string lora = "style", double share = 1, long most = 1 << 30)
    {
        var path = _folder.File($"loras/{lora}.safetensors");
        using var file = LoraFile.Open(path);
        var merged = LoraMerge.Plan(new Dictionary<LoraNetwork, OnnxGraphFile> { [LoraNetwork.Unet] = _unet.Value }, [(file, new LoraUse { Name = lora, UnetWeight = share })])[LoraNetwork.Unet];
        var key = MergedFiles.KeyOf("model", NetworkFiles.Unet, merged, [(HashedFile.Of(path, CancellationToken.None).Sha256, share)]);
        using var replaced = new MergedFiles(_folder.File("cache"), most, TimeProvider.System).Map(key, merged);
        return replaced is not null;
    }

    private string[] Entries() => [.. Directory.GetFiles(_folder.File("cache/loras"), "*.safetensors").Order(StringComparer.Ordinal)];

    private void WriteStyle(string name, float slope) => SafetensorsBytes.Write(_folder.File($"loras/{name}.safetensors"), new Dictionary<string, (long[], float[])>
    {
        ["lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn1_to_q.lora_down.weight"] = ([1, 32], [.. Enumerable.Range(0, 32).Select(i => (i - 16) * slope)]),
        ["lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn1_to_q.lora_up.weight"] = ([32, 1], [.. Enumerable.Range(0, 32).Select(i => (i % 5) - 2f)]),
    });

    /// <summary>Networks of which the UNet can be read a number of times before a cancellation comes.</summary>
    private sealed class InterruptedNetworks(INetworks inner) : INetworks
    {
        public int UnetsLeft { get; set; } = int.MaxValue;

        public bool KeepsOptimized => inner.KeepsOptimized;

        public bool Has(string network) => inner.Has(network);

        public long BytesOf(string network) => inner.BytesOf(network);

        public OnnxGraphFile Read(string network) =>
            network != NetworkFiles.Unet || UnetsLeft-- > 0 ? inner.Read(network) : throw new OperationCanceledException();
    }
}
