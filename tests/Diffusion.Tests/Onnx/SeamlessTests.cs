using Google.Protobuf;
using Microsoft.ML.OnnxRuntime;
using RenderFarm.Diffusion.Models;
using RenderFarm.Diffusion.Onnx;
using RenderFarm.TestKit.Goldens;

namespace RenderFarm.Diffusion.Tests.Onnx;

public sealed class SeamlessTests
{
    private const int Latents = 16;

    // The UNet halves its input this many times, the decoder only doubles: only shifts by whole cells of the coarsest level move the answer along.
    private const int UnetShift = 8;
    private const int DecoderShift = 3;

    [Theory]
    [InlineData("emoji", NetworkFiles.VaeDecoder, NetworkFiles.LatentSample, NetworkFiles.Sample, DecoderShift)]
    [InlineData("emoji", NetworkFiles.Unet, NetworkFiles.Sample, NetworkFiles.OutSample, UnetShift)]
    [InlineData("tiny-sd2", NetworkFiles.VaeDecoder, NetworkFiles.LatentSample, NetworkFiles.Sample, DecoderShift)]
    [InlineData("tiny-sd2", NetworkFiles.Unet, NetworkFiles.Sample, NetworkFiles.OutSample, UnetShift)]
    public void A_shifted_input_gives_the_shifted_answer(string model, string file, string input, string output, int shift)
    {
        var graph = OnnxGraphFile.Read(Path.Combine(GoldenFolder.Model(model), file));
        using var seamless = Session(graph, Seamless.Of(graph.Model.Graph));
        using var plain = Session(graph, graph.Model.Graph);
        var latent = new Planes(4, Latents, Latents, Values(4 * Latents * Latents));

        foreach (var (down, right) in new[] { (0, shift), (shift, 0), (shift, shift) })
        {
            Assert.InRange(Difference(seamless, down, right), 0, 1e-4);
            Assert.True(Difference(plain, down, right) > 1e-2, "Without the edit the edges are seen as such.");
        }

        double Difference(InferenceSession session, int down, int right)
        {
            var answer = Run(session, latent, input, output);
            var factor = answer.Height / Latents;
            var shifted = Run(session, latent.Shifted(down, right), input, output);
            var expected = answer.Shifted(down * factor, right * factor);
            return shifted.Values.Zip(expected.Values, (a, b) => Math.Abs(a - b)).Max() / expected.Values.Max(Math.Abs);
        }
    }

    [Fact]
    public void A_convolution_that_pads_in_a_way_that_depends_on_the_size_is_refused()
    {
        var graph = new GraphProto
        {
            Node = { new NodeProto { Name = "odd", OpType = "Conv", Attribute = { new AttributeProto { Name = "auto_pad", S = ByteString.CopyFromUtf8("SAME_UPPER") } } } },
        };

        Assert.Contains("'odd'", Assert.Throws<InvalidDataException>(() => Seamless.Of(graph)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_graph_that_is_given_stays_as_it_is()
    {
        var graph = OnnxGraphFile.Read(Path.Combine(GoldenFolder.Model("tiny-sd2"), NetworkFiles.Unet)).Model.Graph;
        var before = graph.Clone();

        Assert.NotEqual(before, Seamless.Of(graph));
        Assert.Equal(before, graph);
    }

    private static InferenceSession Session(OnnxGraphFile file, GraphProto graph)
    {
        using var options = new SessionOptions();
        options.AddSessionConfigEntry(OnnxGraphFile.FolderOption, file.Folder);
        var model = file.Model.Clone();
        model.Graph = graph;
        return new InferenceSession(model.ToByteArray(), options);
    }

    private static Planes Run(InferenceSession session, Planes planes, string input, string output)
    {
        var inputs = Networked.Inputs(session, Latents);
        inputs[input] = OrtValue.CreateTensorValueFromMemory(planes.Values, [1, planes.Channels, planes.Height, planes.Width]);
        using var options = new RunOptions();
        using var outputs = session.Run(options, inputs, [output]);
        var shape = outputs[0].GetTensorTypeAndShape().Shape;
        var answer = new Planes((int)shape[1], (int)shape[2], (int)shape[3], outputs[0].GetTensorDataAsSpan<float>().ToArray());
        foreach (var value in inputs.Values)
        {
            value.Dispose();
        }

        return answer;
    }

    private static float[] Values(int count)
    {
        var random = new Random(11);
        return [.. Enumerable.Range(0, count).Select(_ => (random.NextSingle() * 2) - 1)];
    }

    private sealed record Planes(int Channels, int Height, int Width, float[] Values)
    {
        public Planes Shifted(int down, int right)
        {
            var moved = new float[Values.Length];
            for (var (i, y) = (0, 0); i < Values.Length; i++)
            {
                y = i / Width % Height;
                moved[i] = Values[i - (i % Width) + (((i % Width) - right + Width) % Width) - (y * Width) + ((y - down + Height) % Height * Width)];
            }

            return this with { Values = moved };
        }
    }
}
