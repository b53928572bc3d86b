using Microsoft.ML.OnnxRuntime;
using RenderFarm.Diffusion.Models;
using RenderFarm.Diffusion.Runtime;

namespace RenderFarm.Diffusion.Denoising;

/// <summary>The network that predicts noise, with buffers kept for the batch shapes used last.</summary>
internal sealed class Unet(ModelFolder model, NetworkSession session) : IDisposable
{
    // A farm's batches come in few shapes; more would only hold memory.
    private const int KeptShapes = 4;

    private readonly LinkedList<UnetBatch> _batches = [];

    /// <summary>The buffers for one batch shape, made once.</summary>
    public UnetBatch Batch(int rows, int height, int width)
    {
        var node = _batches.First;
        while (node is not null && !node.Value.Has(rows, height, width))
        {
            node = node.Next;
        }

        if (node is not null)
        {
            _batches.Remove(node);
        }
        else
        {
            node = new LinkedListNode<UnetBatch>(new UnetBatch(model, rows, height, width));
        }

        _batches.AddFirst(node);
        if (_batches.Count > KeptShapes)
        {
            _batches.Last!.Value.Dispose();
            _batches.RemoveLast();
        }

        return node.Value;
    }

    public void Run(UnetBatch batch, RunOptions options, CancellationToken ct) => session.Run(options, batch.Inputs, batch.Outputs, ct);

    public void Dispose()
    {
        foreach (var batch in _batches)
        {
            batch.Dispose();
        }

        session.Dispose();
    }
}
