using Microsoft.ML.OnnxRuntime;

namespace RenderFarm.Diffusion.Runtime;

/// <summary>One network loaded on a device. Owns its native session and the weights that it uses instead of its files'.</summary>
internal sealed class NetworkSession(InferenceSession session, ReplacedWeights? replaced = null) : IDisposable
{
    /// <summary>Runs into preallocated outputs; a cancelled token ends the run inside the network.</summary>
    public void Run(RunOptions options, TensorSet inputs, TensorSet outputs, CancellationToken ct)
    {
        try
        {
            session.Run(options, inputs.Names, inputs.Values, outputs.Names, outputs.Values);
        }
        catch (OnnxRuntimeException) when (ct.IsCancellationRequested)
        {
            throw new OperationCanceledException(ct);
        }
    }

    public void Dispose()
    {
        session.Dispose();
        replaced?.Dispose();
    }
}
