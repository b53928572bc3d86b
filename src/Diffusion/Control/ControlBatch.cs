using System.Numerics.Tensors;
using Microsoft.ML.OnnxRuntime;
using RenderFarm.Diffusion.Models;
using RenderFarm.Diffusion.Runtime;

namespace RenderFarm.Diffusion.Control;

/// <summary>
/// What a ControlNet (Zhang et al., arXiv:2302.05543) adds inside the UNet, for one batch shape: its outputs are the UNet's inputs.
/// Rows without a control image add zeros, and so does a UNet made for a ControlNet that is not there.
/// </summary>
internal sealed class ControlBatch : IDisposable
{
    private const int Channels = 3;

    private readonly int _rows;
    private readonly (string Name, PinnedTensor<float> Tensor)[] _residuals;
    private readonly PinnedTensor<float> _pictures;
    private readonly RowControl?[] _shown;
    private readonly float[] _scales;
    private readonly TensorSet _inputs;
    private bool _isClear = true;

    private ControlBatch(ModelFolder model, int rows, int height, int width, TensorSet unetInputs)
    {
        _rows = rows;
        _residuals =
        [
            .. ControlResidual.Of(model.Parts)
                .Where(residual => model.Parts.UnetNetwork.Input(residual.Name) is not null)
                .Select(residual => (residual.Name, new PinnedTensor<float>(rows, residual.Channels, height >> residual.Halvings, width >> residual.Halvings))),
        ];
        _pictures = new PinnedTensor<float>(rows, Channels, height * model.LatentFactor, width * model.LatentFactor);
        _shown = new RowControl?[rows];
        _scales = new float[rows];

        // It sees what the UNet sees, and the pictures.
        var shared = unetInputs.Names.Zip(unetInputs.Values).Where(input => model.Parts.ControlNetwork?.Input(input.First) is not null).ToArray();
        _inputs = new TensorSet([.. shared.Select(input => input.First), NetworkFiles.ControlImage], [.. shared.Select(input => input.Second), _pictures.Value]);
        Residuals = new TensorSet([.. _residuals.Select(residual => residual.Name)], [.. _residuals.Select(residual => residual.Tensor.Value)]);
    }

    /// <summary>What the UNet takes.</summary>
    public TensorSet Residuals { get; }

    /// <summary>Null where the model's UNet takes nothing from a ControlNet.</summary>
    public static ControlBatch? Of(ModelFolder model, int rows, int height, int width, TensorSet unetInputs) =>
        model.Parts.UnetNetwork.Input(NetworkFiles.MidResidual) is null ? null : new ControlBatch(model, rows, height, width, unetInputs);

    /// <summary>Sets what guides a row at a step.</summary>
    public void Set(int row, RowControl? control, int step)
    {
        _scales[row] = control?.ScaleAt(step) ?? 0;
        if (_scales[row] != 0 && _shown[row] != control)
        {
            control!.Planes.CopyTo(_pictures.Row(row, _rows));
            _shown[row] = control;
        }
    }

    /// <summary>Fills the residuals; the network runs only where a row is guided.</summary>
    public void Run(ControlNet? network, RunOptions options, CancellationToken ct)
    {
        if (network is null || _scales.AsSpan().IndexOfAnyExcept(0f) < 0)
        {
            Clear();
            return;
        }

        network.Session.Run(options, _inputs, Residuals, ct);
        _isClear = false;
        foreach (var (_, tensor) in _residuals)
        {
            for (var row = 0; row < _rows; row++)
            {
                // Not multiplied by zero, which leaves an infinity not a number.
                var values = tensor.Row(row, _rows);
                if (_scales[row] == 0)
                {
                    values.Clear();
                }
                else
                {
                    TensorPrimitives.Multiply(values, _scales[row], values);
                }
            }
        }
    }

    public void Dispose()
    {
        _pictures.Dispose();
        foreach (var (_, tensor) in _residuals)
        {
            tensor.Dispose();
        }
    }

    private void Clear()
    {
        if (_isClear)
        {
            return;
        }

        foreach (var (_, tensor) in _residuals)
        {
            tensor.Span.Clear();
        }

        _isClear = true;
    }
}
