using RenderFarm.Diffusion.Runtime;
using RenderFarm.TestKit.Goldens;

namespace RenderFarm.Diffusion.Tests.Runtime;

public sealed class InferenceDeviceTests
{
    [Theory]
    [InlineData("gpu")]
    [InlineData("cuda")]
    [InlineData("cuda:-1")]
    [InlineData("cuda:0:1")]
    [InlineData("cpu:0")]
    [InlineData("")]
    public void An_unknown_device_is_refused_with_the_known_ones(string device)
    {
        var problem = Assert.Throws<DeviceException>(() => DiffusionPipeline.Load(GoldenFolder.EmojiModel, new PipelineOptions { Device = device }));

        Assert.Equal(device, problem.Device);
        Assert.Contains("cpu, cuda:N and tensorrt:N", problem.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("cuda:0")]
    [InlineData("tensorrt:0")]
    public void A_device_that_this_build_lacks_is_refused_with_what_it_has(string device)
    {
        Assert.SkipWhen(Microsoft.ML.OnnxRuntime.OrtEnv.Instance().GetAvailableProviders().Contains("CUDAExecutionProvider"), "This build has CUDA.");

        var problem = Assert.Throws<DeviceException>(() => DiffusionPipeline.Load(GoldenFolder.EmojiModel, new PipelineOptions { Device = device }));

        Assert.Contains("CPUExecutionProvider", problem.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("cpu")]
    [InlineData("cuda:3")]
    [InlineData("tensorrt:12")]
    public void A_device_is_written_as_it_is_read(string device) => Assert.Equal(device, InferenceDevice.Parse(device).ToString());
}
