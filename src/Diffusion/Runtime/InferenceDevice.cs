using System.Globalization;
using Microsoft.ML.OnnxRuntime;

namespace RenderFarm.Diffusion.Runtime;

/// <summary>Where networks run: "cpu", "cuda:N" or "tensorrt:N". The only place that knows execution providers.</summary>
internal sealed record InferenceDevice(string Provider, int Index)
{
    private const string Cpu = "cpu";
    private const string Cuda = "cuda";
    private const string TensorRt = "tensorrt";

    /// <summary>Whether networks work in the program's own memory, and what the runtime optimised for them can be written and loaded again.</summary>
    public bool SharesMemory => Provider == Cpu;

    public static InferenceDevice Parse(string text)
    {
        var parts = text.Split(':');
        var isGpu = parts is [Cuda or TensorRt, _] && int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out _);
        return text == Cpu || isGpu
            ? new InferenceDevice(parts[0], isGpu ? int.Parse(parts[1], CultureInfo.InvariantCulture) : 0)
            : throw new DeviceException(text, "Allowed are cpu, cuda:N and tensorrt:N, where N is the number of a GPU, from 0.");
    }

    /// <summary>Session options for this device, or <see cref="DeviceException"/> where this build or machine does not have it.</summary>
    public SessionOptions CreateSessionOptions(DeviceSettings settings)
    {
        var options = new SessionOptions
        {
            IntraOpNumThreads = settings.Threads > 0 ? settings.Threads : Environment.ProcessorCount,
            InterOpNumThreads = 1,
            ExecutionMode = ExecutionMode.ORT_SEQUENTIAL,
            GraphOptimizationLevel = GraphOptimizationLevel.ORT_ENABLE_ALL,
        };
        try
        {
            // Nobody who renders here has asked the runtime to report usage.
            OrtEnv.Instance().DisableTelemetryEvents();
            // Waiting threads that spin would take the cores from the other networks and from the host.
            options.AddSessionConfigEntry("session.intra_op.allow_spinning", "0");
            AppendProviders(options, settings);
            return options;
        }
        catch (Exception exception) when (exception is EntryPointNotFoundException or DllNotFoundException or OnnxRuntimeException)
        {
            options.Dispose();
            throw new DeviceException(
                ToString(),
                $"This build of ONNX Runtime offers {string.Join(", ", OrtEnv.Instance().GetAvailableProviders())}. Use cpu, or build with -p:OnnxRuntimeFlavor=Gpu and check the GPU's driver.",
                exception);
        }
    }

    /// <summary>The options of the CUDA provider, none where it is not used; it also runs what TensorRT leaves over.</summary>
    public Dictionary<string, string> CudaOptions(DeviceSettings settings)
    {
        if (Provider == Cpu)
        {
            return [];
        }

        var options = new Dictionary<string, string>
        {
            ["device_id"] = DeviceId,

            // Doubling its arena would take twice the memory that a large picture needs.
            ["arena_extend_strategy"] = "kSameAsRequested",

            // Batches come in many shapes, and an exhaustive search would time every convolution for each.
            ["cudnn_conv_algo_search"] = "HEURISTIC",

            // Matrices in 19 bits would differ from the reference in the third digit; who wants speed exports float16.
            ["use_tf32"] = "0",
        };
        if (settings.MemoryBytes is { } bytes)
        {
            options["gpu_mem_limit"] = bytes.ToString(CultureInfo.InvariantCulture);
        }

        return options;
    }

    /// <summary>The options of the TensorRT provider, none where it is not used. It keeps the engines that it builds, which takes minutes.</summary>
    public Dictionary<string, string> TensorRtOptions(DeviceSettings settings)
    {
        if (Provider != TensorRt)
        {
            return [];
        }

        var options = new Dictionary<string, string> { ["device_id"] = DeviceId };
        if (settings.CacheFolder is { } folder)
        {
            options["trt_engine_cache_enable"] = "1";
            options["trt_engine_cache_path"] = Path.Combine(folder, TensorRt);
            options["trt_timing_cache_enable"] = "1";
            options["trt_timing_cache_path"] = Path.Combine(folder, TensorRt);
        }

        return options;
    }

    public override string ToString() => Provider == Cpu ? Cpu : $"{Provider}:{Index}";

    private void AppendProviders(SessionOptions options, DeviceSettings settings)
    {
        if (Provider == TensorRt)
        {
            using var tensorRt = new OrtTensorRTProviderOptions();
            tensorRt.UpdateOptions(TensorRtOptions(settings));
            options.AppendExecutionProvider_Tensorrt(tensorRt);
        }

        if (Provider is TensorRt or Cuda)
        {
            using var cuda = new OrtCUDAProviderOptions();
            cuda.UpdateOptions(CudaOptions(settings));
            options.AppendExecutionProvider_CUDA(cuda);
        }
    }

    private string DeviceId => Index.ToString(CultureInfo.InvariantCulture);
}
