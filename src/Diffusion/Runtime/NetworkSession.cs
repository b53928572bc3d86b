using System.Diagnostics;
using Microsoft.ML.OnnxRuntime;

namespace RenderFarm.Diffusion.Runtime;

/// <summary>One network loaded on a device. Owns its native session and the weights that it uses instead of its files'.</summary>
internal sealed class NetworkSession(InferenceSession session, InferenceDevice device, RunClock clock, ReplacedWeights? replaced = null) : IDisposable
{
    /// <summary>Runs once into preallocated outputs; a cancelled token ends the run inside the network.</summary>
    public void Run(RunOptions options, TensorSet inputs, TensorSet outputs, CancellationToken ct) => Run(options, inputs, outputs, binding: null, ct);

    /// <summary>
    /// Ties the network to tensors for many runs, which then look up and allocate nothing. Where it runs on another device, inputs are
    /// copied there when they are bound, so each run has to name them anew.
    /// </summary>
    public BoundNetwork Bind(TensorSet inputs, TensorSet outputs)
    {
        if (!device.SharesMemory)
        {
            return new BoundNetwork(this, inputs, outputs, binding: null);
        }

        var binding = session.CreateIoBinding();
        foreach (var (name, value) in inputs.Names.Zip(inputs.Values))
        {
            binding.BindInput(name, value);
        }

        foreach (var (name, value) in outputs.Names.Zip(outputs.Values))
        {
            binding.BindOutput(name, value);
        }

        return new BoundNetwork(this, inputs, outputs, binding);
    }

    public void Dispose()
    {
        session.Dispose();
        replaced?.Dispose();
    }

    internal void Run(RunOptions options, TensorSet inputs, TensorSet outputs, OrtIoBinding? binding, CancellationToken ct)
    {
        var start = Stopwatch.GetTimestamp();
        try
        {
            if (binding is null)
            {
                session.Run(options, inputs.Names, inputs.Values, outputs.Names, outputs.Values);
            }
            else
            {
                session.RunWithBinding(options, binding);
            }
        }
        catch (OnnxRuntimeException) when (ct.IsCancellationRequested)
        {
            throw new OperationCanceledException(ct);
        }
        finally
        {
            clock.Add(start);
        }
    }
}
