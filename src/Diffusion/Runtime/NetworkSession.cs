using Microsoft.ML.OnnxRuntime;
using RenderFarm.Diffusion.Models;
using RenderFarm.Diffusion.Onnx;

namespace RenderFarm.Diffusion.Runtime;

/// <summary>One network loaded on a device. Owns its native session.</summary>
internal sealed class NetworkSession : IDisposable
{
    private readonly InferenceSession _session;
    private readonly ReplacedWeights? _replaced;

    private NetworkSession(InferenceSession session, ReplacedWeights? replaced) => (_session, _replaced) = (session, replaced);

    /// <summary>Loads a network, with other weights than its files' if given; takes them over.</summary>
    public static NetworkSession Load(ModelFolder model, string file, InferenceDevice device, int threads, CancellationToken ct, ReplacedWeights? replaced = null)
    {
        ct.ThrowIfCancellationRequested();
        using var options = device.CreateSessionOptions(threads);
        using var cancel = ct.Register(() => options.SetLoadCancellationFlag(true));
        try
        {
            var graph = OnnxGraphFile.Read(model.PathOf(file));
            if (!Float32Border.IsNeeded(graph.Model.Graph) && replaced is null)
            {
                return new NetworkSession(new InferenceSession(graph.Path, options), null);
            }

            graph.Model.Graph = Float32Border.Of(graph.Model.Graph);
            replaced?.ApplyTo(graph.Model.Graph, options);
            options.AddSessionConfigEntry(OnnxGraphFile.FolderOption, graph.Folder);
            return new NetworkSession(new InferenceSession(graph.ToBytes(), options), replaced);
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

    public void Dispose()
    {
        _session.Dispose();
        _replaced?.Dispose();
    }
}
