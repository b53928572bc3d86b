using System.Globalization;
using Microsoft.ML.OnnxRuntime;

namespace RenderFarm.Diffusion.Runtime;

/// <summary>Where networks run: "cpu", "cuda:N" or "tensorrt:N". The only place that knows execution providers.</summary>
internal sealed record InferenceDevice(string Provider, int Index)
{
    private const string Cpu = "cpu";
    private const string Cuda = "cuda";
    private const string TensorRt = "tensorrt";

    /// <summary>Whether what the runtime optimised for it can be loaded again. Graphics processors compile parts, which cannot be written.</summary>
    public bool KeepsOptimizedGraphs => Provider == Cpu;

    public static InferenceDevice Parse(string text)
    {
        var parts = text.Split(':');
        var isGpu = parts is [Cuda or TensorRt, _] && int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out _);
        return text == Cpu || isGpu
            ? new InferenceDevice(parts[0], isGpu ? int.Parse(parts[1], CultureInfo.InvariantCulture) : 0)
            : throw new DeviceException(text, "Allowed are cpu, cuda:N and tensorrt:N, where N is the number of a GPU, from 0.");
    }

    /// <summary>Session options for this device, or <see cref="DeviceException"/> where this build or machine does not have it.</summary>
    public SessionOptions CreateSessionOptions(int threads)
    {
        var options = new SessionOptions
        {
            IntraOpNumThreads = threads,
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
            AppendProvider(options);
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

    public override string ToString() => Provider == Cpu ? Cpu : $"{Provider}:{Index}";

    private void AppendProvider(SessionOptions options)
    {
        if (Provider == TensorRt)
        {
            using var tensorRt = new OrtTensorRTProviderOptions();
            tensorRt.UpdateOptions(new Dictionary<string, string> { ["device_id"] = DeviceId });
            options.AppendExecutionProvider_Tensorrt(tensorRt);
        }

        if (Provider is TensorRt or Cuda)
        {
            using var cuda = new OrtCUDAProviderOptions();
            cuda.UpdateOptions(new Dictionary<string, string>
            {
                ["device_id"] = DeviceId,
                ["arena_extend_strategy"] = "kSameAsRequested",
            });
            options.AppendExecutionProvider_CUDA(cuda);
        }
    }

    private string DeviceId => Index.ToString(CultureInfo.InvariantCulture);
}
