using Google.Protobuf;
using Microsoft.ML.OnnxRuntime;
using RenderFarm.Diffusion.Models;
using RenderFarm.Diffusion.Onnx;
using RenderFarm.TestKit;
using RenderFarm.TestKit.Goldens;

namespace RenderFarm.Diffusion.Tests.Onnx;

public sealed class OnnxGraphFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public static TheoryData<string, string> Networks => new MatrixTheoryData<string, string>(
        ["emoji", "tiny-sd2", "tiny-lcm"], [NetworkFiles.TextEncoder, NetworkFiles.Unet, NetworkFiles.VaeDecoder]);

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Networks))]
    public void The_skeleton_of_a_network_computes_what_the_file_computes(string model, string file)
    {
        var path = Path.Combine(GoldenFolder.Model(model), file);
        var graph = OnnxGraphFile.Read(path);
        using var options = new SessionOptions();
        options.AddSessionConfigEntry(OnnxGraphFile.FolderOption, graph.Folder);
        using var skeleton = new InferenceSession(graph.ToBytes(), options);
        using var whole = new InferenceSession(path);

        Assert.Equal(Networked.Run(whole), Networked.Run(skeleton));
    }

    [Theory]
    [MemberData(nameof(Networks))]
    public void Every_weight_is_found_where_the_table_says(string model, string file)
    {
        var path = Path.Combine(GoldenFolder.Model(model), file);
        var graph = OnnxGraphFile.Read(path);
        var whole = ModelProto.Parser.ParseFrom(File.ReadAllBytes(path)).Graph;

        Assert.Equal(whole.Initializer.Count, graph.Weights.Count);
        foreach (var tensor in whole.Initializer)
        {
            Assert.True(graph.Weights.TryFind(tensor.Name, out var weight));
            Assert.Equal(tensor.Dims, weight.Dims);
            Assert.Equal((OnnxElement)tensor.DataType, weight.Element);
            Assert.Equal(tensor.RawData.ToByteArray(), graph.Weights.Read(weight));
        }

        Assert.Equal(whole.Node, graph.Model.Graph.Node);
    }

    [Fact]
    public void Reading_a_network_does_not_hold_its_weights()
    {
        var path = Path.Combine(GoldenFolder.EmojiModel, NetworkFiles.Unet);
        OnnxGraphFile.Read(path);
        var before = GC.GetAllocatedBytesForCurrentThread();

        var graph = OnnxGraphFile.Read(path);

        var size = new FileInfo(path).Length;
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, size / 2);
        Assert.InRange(graph.ToBytes().Length, 0, size / 20);
    }

    [Fact]
    public void A_file_of_more_than_2_GB_is_read()
    {
        const long values = 3L << 28;
        var path = _folder.File("large.onnx");
        OnnxBytes.WriteWithHole(path, "W", values);

        var graph = OnnxGraphFile.Read(path);

        Assert.True(graph.Weights.TryFind("W", out var weight));
        Assert.Equal("large.onnx", weight.Data!.File);
        Assert.Equal(values * sizeof(float), weight.Data.Length);
        Assert.Equal(new FileInfo(path).Length, weight.Data.Offset + weight.Data.Length);
        Assert.InRange(graph.ToBytes().Length, 0, 200);
    }

    [Fact]
    public void Weights_that_lie_outside_already_stay_there()
    {
        var bytes = new byte[6 * sizeof(float)];
        new Random(3).NextBytes(bytes);
        File.WriteAllBytes(_folder.File("weights.bin"), [1, 2, 3, 4, .. bytes]);
        var path = Save(OnnxBytes.External("W", [2, 3], ("location", "weights.bin"), ("offset", "4"), ("length", "24")));

        var graph = OnnxGraphFile.Read(path);

        Assert.True(graph.Weights.TryFind("W", out var weight));
        Assert.Equal(bytes, graph.Weights.Read(weight));
    }

    [Fact]
    public void Fields_that_are_not_known_are_kept()
    {
        byte[] unknown = [0xf2, 0x3f, 3, 1, 2, 3];
        var model = ModelProto.Parser.ParseFrom([.. OnnxBytes.External("W", [1], ("location", "weights.bin")).ToByteArray(), .. unknown]);
        File.WriteAllBytes(_folder.File("weights.bin"), new byte[4]);

        var read = OnnxGraphFile.Read(Save(model));

        Assert.True(read.ToBytes().AsSpan().IndexOf(unknown) > 0);
    }

    [Fact]
    public void Damage_anywhere_in_a_graph_is_a_problem_and_never_a_crash()
    {
        // Seeded, so that every run damages the same bytes.
        var random = new Random(23);
        var path = Path.Combine(GoldenFolder.Model("tiny-sd2"), NetworkFiles.VaeDecoder);
        var sound = OnnxGraphFile.Read(path);
        var skeleton = sound.ToBytes();
        File.Copy(path, _folder.File("model.onnx"));
        var damagedPath = _folder.File("damaged.onnx");
        var (read, refused) = (0, 0);
        for (var attempt = 0; attempt < 400; attempt++)
        {
            byte[] damaged = [.. skeleton.AsSpan(0, random.Next(4) == 0 ? random.Next(skeleton.Length) : skeleton.Length)];
            for (var flip = random.Next(8); flip >= 0 && damaged.Length > 0; flip--)
            {
                damaged[random.Next(damaged.Length)] = (byte)random.Next(256);
            }

            File.WriteAllBytes(damagedPath, damaged);
            var before = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                OnnxGraphFile.Read(damagedPath).Signature();
                read++;
            }
            catch (ModelFolderException exception)
            {
                Assert.Equal("damaged.onnx", exception.File);
                refused++;
            }

            Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 64L << 20);
        }

        Assert.True(read > 0 && refused > 100, $"{read} were read, {refused} refused");
    }

    private string Save(ModelProto model)
    {
        var path = _folder.File("model.onnx");
        File.WriteAllBytes(path, model.ToByteArray());
        return path;
    }
}
