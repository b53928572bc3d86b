using Microsoft.ML.OnnxRuntime;

namespace RenderFarm.Diffusion.Runtime;

/// <summary>A network tied to tensors that stay in place.</summary>
internal sealed class BoundNetwork(NetworkSession session, TensorSet inputs, TensorSet outputs, OrtIoBinding? binding) : IDisposable
{
    /// <summary>Reads the inputs and fills the outputs; a cancelled token ends the run inside the network.</summary>
    public void Run(RunOptions options, CancellationToken ct) => session.Run(options, inputs, outputs, binding, ct);

    public void Dispose() => binding?.Dispose();
}
