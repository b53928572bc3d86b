using Microsoft.ML.OnnxRuntime;
using RenderFarm.Diffusion.Control;
using RenderFarm.Diffusion.Models;
using RenderFarm.Diffusion.Runtime;
using RenderFarm.Diffusion.Text;

namespace RenderFarm.Diffusion.Denoising;

/// <summary>The inputs and outputs of the UNet for one batch shape, in memory that stays in place.</summary>
internal sealed class UnetBatch : IDisposable
{
    private readonly int _height;
    private readonly int _width;
    private readonly int _tokens;
    private readonly Conditioning?[] _conditionings;
    private readonly PinnedTensor<float> _sample;
    private readonly PinnedTensor<float> _conditioning;
    private readonly PinnedTensor<float> _output;
    private readonly (string Name, PinnedTensor<float> Tensor)[] _rowInputs;
    private readonly PinnedTensor<float>? _timesteps;
    private readonly PinnedTensor<long>? _wholeTimesteps;

    public UnetBatch(ModelFolder model, NetworkSession session, int rows, int height, int width, int tokens)
    {
        (Rows, _height, _width, _tokens) = (rows, height, width, tokens);
        _conditionings = new Conditioning?[rows];
        _sample = new PinnedTensor<float>(rows, model.Parts.Unet.InChannels, height, width);
        _conditioning = new PinnedTensor<float>(rows, tokens, model.Parts.ConditioningWidth);
        _output = new PinnedTensor<float>(rows, model.Parts.Vae.LatentChannels, height, width);

        _rowInputs = [.. model.Parts.RowInputs.Select(input => (input.Name, new PinnedTensor<float>(rows, input.Width)))];

        // A scalar timestep has no dimension, some exports write one of size 1, and one per row is the batch's size.
        long[] shape = model.SupportsRowTimesteps ? [rows] : model.Parts.Timestep.Shape is { Count: 1 } ? [1] : [];
        OrtValue timestep;
        if (model.Parts.Timestep.Element == OnnxElement.Int64)
        {
            _wholeTimesteps = new PinnedTensor<long>(shape);
            timestep = _wholeTimesteps.Value;
        }
        else
        {
            _timesteps = new PinnedTensor<float>(shape);
            timestep = _timesteps.Value;
        }

        var inputs = new TensorSet(
            [NetworkFiles.Sample, NetworkFiles.Timestep, NetworkFiles.Conditioning, .. _rowInputs.Select(input => input.Name)],
            [_sample.Value, timestep, _conditioning.Value, .. _rowInputs.Select(input => input.Tensor.Value)]);
        Control = ControlBatch.Of(model, rows, height, width, inputs);
        Network = session.Bind(Control is null ? inputs : inputs.And(Control.Residuals), new TensorSet([NetworkFiles.OutSample], [_output.Value]));
    }

    /// <summary>What guides the rows; null where the UNet cannot be guided.</summary>
    public ControlBatch? Control { get; }

    /// <summary>The UNet on these inputs and outputs.</summary>
    public BoundNetwork Network { get; }

    public int Rows { get; }

    public bool Has(int rows, int height, int width, int tokens) => (rows, height, width, tokens) == (Rows, _height, _width, _tokens);

    public Span<float> Sample(int row) => _sample.Row(row, Rows);

    public ReadOnlySpan<float> Output(int row) => _output.Row(row, Rows);

    /// <summary>Sets what a row is to draw, which seldom changes from one run to the next.</summary>
    public void SetConditioning(int row, Conditioning conditioning)
    {
        if (_conditionings[row] != conditioning)
        {
            conditioning.Hidden.CopyTo(_conditioning.Row(row, Rows));
            if (conditioning.Pooled is { } pooled)
            {
                SetInput(row, NetworkFiles.PooledText, pooled);
            }

            _conditionings[row] = conditioning;
        }
    }

    /// <summary>Sets one of the vectors that this model's UNet takes for each row.</summary>
    public void SetInput(int row, string name, ReadOnlySpan<float> values)
    {
        foreach (var (own, tensor) in _rowInputs)
        {
            if (own == name)
            {
                values.CopyTo(tensor.Row(row, Rows));
                return;
            }
        }

        throw new ArgumentException($"The UNet has no input {name} for each row.", nameof(name));
    }

    /// <summary>Sets a row's timestep, which is every row's where the network takes only one.</summary>
    public void SetTimestep(int row, float timestep)
    {
        if (_timesteps is not null)
        {
            _timesteps.Span[Math.Min(row, _timesteps.Span.Length - 1)] = timestep;
        }
        else
        {
            var values = _wholeTimesteps!.Span;
            values[Math.Min(row, values.Length - 1)] = (long)MathF.Round(timestep);
        }
    }

    public void Dispose()
    {
        Network.Dispose();
        _sample.Dispose();
        _conditioning.Dispose();
        _output.Dispose();
        Control?.Dispose();
        _timesteps?.Dispose();
        _wholeTimesteps?.Dispose();
        foreach (var (_, tensor) in _rowInputs)
        {
            tensor.Dispose();
        }
    }
}
