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

    [Fact]
    public void Each_device_gets_the_options_of_the_providers_it_needs()
    {
        var settings = new DeviceSettings(0, "/cache", 6_000_000_000);
        var cuda = InferenceDevice.Parse("cuda:2");
        var tensorRt = InferenceDevice.Parse("tensorrt:1");

        Assert.Empty(InferenceDevice.Parse("cpu").CudaOptions(settings));
        Assert.Empty(cuda.TensorRtOptions(settings));
        Assert.Equal(
            new Dictionary<string, string>
            {
                ["device_id"] = "2",
                ["arena_extend_strategy"] = "kSameAsRequested",
                ["cudnn_conv_algo_search"] = "HEURISTIC",
                ["use_tf32"] = "0",
                ["gpu_mem_limit"] = "6000000000",
            },
            cuda.CudaOptions(settings));
        Assert.Equal("1", tensorRt.CudaOptions(settings)["device_id"]);
        Assert.Equal("1", tensorRt.TensorRtOptions(settings)["device_id"]);
        Assert.Equal(Path.Combine("/cache", "tensorrt"), tensorRt.TensorRtOptions(settings)["trt_engine_cache_path"]);
    }

    [Fact]
    public void What_is_not_set_is_left_to_the_runtime()
    {
        var settings = new DeviceSettings(0);

        Assert.DoesNotContain("gpu_mem_limit", InferenceDevice.Parse("cuda:0").CudaOptions(settings).Keys);
        Assert.Equal(["device_id"], InferenceDevice.Parse("tensorrt:0").TensorRtOptions(settings).Keys);
    }
}
