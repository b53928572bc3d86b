using System.Reflection;
using System.Runtime.InteropServices;
using Google.Protobuf;
using Microsoft.ML.OnnxRuntime;
using RenderFarm.Diffusion.Models;
using RenderFarm.Diffusion.Onnx;
using RenderFarm.Diffusion.Runtime;
using RenderFarm.TestKit.Goldens;

namespace RenderFarm.Diffusion.Tests.Runtime;

public sealed class ReplacedWeightsTests
{
    [Fact]
    public void A_session_computes_with_the_replaced_weights_as_if_they_were_the_files()
    {
        var file = OnnxGraphFile.Read(Path.Combine(GoldenFolder.Model("tiny-sd2"), "unet", "model.onnx"));
        var written = file.Model.Clone();
        using var replaced = new ReplacedWeights();
        foreach (var tensor in written.Graph.Initializer.Where(tensor => tensor.DataType == (int)OnnxElement.Float32))
        {
            Assert.True(file.Weights.TryFind(tensor.Name, out var weight));
            var values = GC.AllocateUninitializedArray<byte>(file.Weights.Read(weight).Length, pinned: true);
            file.Weights.Read(weight).CopyTo(values, 0);
            foreach (ref var value in MemoryMarshal.Cast<byte, float>(values.AsSpan()))
            {
                value = (value * 0.9f) + 0.001f;
            }

            replaced.Add(weight, values);
            tensor.ExternalData.Clear();
            tensor.DataLocation = TensorProto.Types.DataLocation.Default;
            tensor.RawData = ByteString.CopyFrom(values);
        }

        // What is not a float stays in the file.
        var device = InferenceDevice.Parse("cpu");
        using var options = device.CreateSessionOptions(new DeviceSettings(2));
        options.AddSessionConfigEntry(OnnxGraphFile.FolderOption, file.Folder);
        replaced.ApplyTo(file.Model.Graph, options);
        using var replacing = new InferenceSession(file.ToBytes(), options);
        using var plain = device.CreateSessionOptions(new DeviceSettings(2));
        plain.AddSessionConfigEntry(OnnxGraphFile.FolderOption, file.Folder);
        using var writing = new InferenceSession(written.ToByteArray(), plain);
        using var original = new InferenceSession(file.Path, plain);

        var expected = Run(writing);
        Differences.AssertWithin(1e-6, expected, Run(replacing));
        Assert.True(Differences.Largest(Run(original), expected) > 1e-3);
    }

    [Theory]
    [InlineData("GetErrorMessage", ExternalInitializers.GetErrorMessage)]
    [InlineData("ReleaseStatus", ExternalInitializers.ReleaseStatus)]
    [InlineData("AddExternalInitializers", ExternalInitializers.AddExternalInitializers)]
    public void Functions_are_at_the_places_where_the_package_has_them(string name, int place)
    {
        var table = typeof(InferenceSession).Assembly.GetType("Microsoft.ML.OnnxRuntime.OrtApi", throwOnError: true)!;
        var functions = table.GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic).OrderBy(field => field.MetadataToken).ToArray();

        Assert.Equal(name, functions[place].Name);
    }

    private static float[] Run(InferenceSession session)
    {
        using var options = new RunOptions();
        float[] Wave(int count) => [.. Enumerable.Range(0, count).Select(i => MathF.Sin(i * 0.37f))];
        using var sample = OrtValue.CreateTensorValueFromMemory(Wave(4 * 16 * 16), [1, 4, 16, 16]);
        using var timestep = OrtValue.CreateTensorValueFromMemory(new[] { 500f }, []);
        using var text = OrtValue.CreateTensorValueFromMemory(Wave(77 * 32), [1, 77, 32]);
        using var outputs = session.Run(options, ["sample", "timestep", "encoder_hidden_states"], [sample, timestep, text], ["out_sample"]);
        return outputs[0].GetTensorDataAsSpan<float>().ToArray();
    }
}
