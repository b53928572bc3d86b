using Microsoft.ML.OnnxRuntime;
using RenderFarm.Diffusion.Control;
using RenderFarm.Diffusion.Models;
using RenderFarm.Diffusion.Runtime;

namespace RenderFarm.Diffusion.Denoising;

/// <summary>The network that predicts noise, with buffers kept for the batch shapes used last.</summary>
internal sealed class Unet(ModelFolder model, NetworkSession session, ControlNet? control = null) : IDisposable
{
    // A farm's batches come in few shapes, each perhaps with two lengths of text; more would only hold memory.
    private const int KeptShapes = 8;

    private readonly LinkedList<UnetBatch> _batches = [];

    /// <summary>What may guide it; belongs to the model, as other UNets are guided by it too.</summary>
    public ControlNet? Control => control;

    /// <summary>Whether each row of a batch has a timestep of its own.</summary>
    public bool TakesRowTimesteps { get; } = model.SupportsRowTimesteps;

    /// <summary>How many rows went through the network.</summary>
    public long RowsEvaluated { get; private set; }

    /// <summary>The buffers for one batch shape, made once.</summary>
    public UnetBatch Batch(int rows, int height, int width, int tokens)
    {
        var node = _batches.First;
        while (node is not null && !node.Value.Has(rows, height, width, tokens))
        {
            node = node.Next;
        }

        if (node is not null)
        {
            _batches.Remove(node);
        }
        else
        {
            node = new LinkedListNode<UnetBatch>(new UnetBatch(model, session, rows, height, width, tokens));
        }

        _batches.AddFirst(node);
        if (_batches.Count > KeptShapes)
        {
            _batches.Last!.Value.Dispose();
            _batches.RemoveLast();
        }

        return node.Value;
    }

    public void Run(UnetBatch batch, RunOptions options, CancellationToken ct)
    {
        batch.Control?.Run(control, options, ct);
        batch.Network.Run(options, ct);
        RowsEvaluated += batch.Rows;
    }

    public void Dispose()
    {
        foreach (var batch in _batches)
        {
            batch.Dispose();
        }

        session.Dispose();
    }
}
