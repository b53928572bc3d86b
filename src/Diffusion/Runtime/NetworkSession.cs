using Microsoft.ML.OnnxRuntime;
using RenderFarm.Diffusion.Models;
using RenderFarm.Diffusion.Onnx;

namespace RenderFarm.Diffusion.Runtime;

/// <summary>One network loaded on a device. Owns its native session.</summary>
internal sealed class NetworkSession : IDisposable
{
    private readonly InferenceSession _session;

    private NetworkSession(InferenceSession session) => _session = session;

    public static NetworkSession Load(ModelFolder model, string file, InferenceDevice device, int threads, CancellationToken ct)
    {
        ct.ThrowIfCancellationRequested();
        using var options = device.CreateSessionOptions(threads);
        using var cancel = ct.Register(() => options.SetLoadCancellationFlag(true));
        try
        {
            var graph = OnnxGraphFile.Read(model.PathOf(file));
            if (!Float32Border.IsNeeded(graph.Model.Graph))
            {
                return new NetworkSession(new InferenceSession(graph.Path, options));
            }

            graph.Model.Graph = Float32Border.Of(graph.Model.Graph);
            options.AddSessionConfigEntry(OnnxGraphFile.FolderOption, graph.Folder);
            return new NetworkSession(new InferenceSession(graph.ToBytes(), options));
        }
        catch (OnnxRuntimeException exception)
        {
            ct.ThrowIfCancellationRequested();
            throw new ModelFolderException(model.Path, file, $"ONNX Runtime cannot load it on {device}: {exception.Message}.", "Download or export the file again.", exception);
        }
    }

    /// <summary>Runs into preallocated outputs; a cancelled token ends the run inside the network.</summary>
    public void Run(RunOptions options, TensorSet inputs, TensorSet outputs, CancellationToken ct)
    {
        try
        {
            _session.Run(options, inputs.Names, inputs.Values, outputs.Names, outputs.Values);
        }
        catch (OnnxRuntimeException) when (ct.IsCancellationRequested)
        {
            throw new OperationCanceledException(ct);
        }
    }

    public void Dispose() => _session.Dispose();
}
