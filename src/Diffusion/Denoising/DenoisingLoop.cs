using Microsoft.ML.OnnxRuntime;

namespace RenderFarm.Diffusion.Denoising;

/// <summary>Takes all rows of a batch from noise to latents. Each round answers every row's question, in as few runs of the UNet as there are shapes.</summary>
internal sealed class DenoisingLoop : IDisposable
{
    private readonly Unet _unet;
    private readonly Prediction _prediction;
    private readonly int _height;
    private readonly int _width;
    private readonly Row[] _rows;
    private readonly (Row Row, int Part)[] _parts;
    private readonly bool[] _isAnswered;
    private readonly int[] _group;

    /// <summary>Height and width are the latents'.</summary>
    public DenoisingLoop(Unet unet, Prediction prediction, int height, int width, IReadOnlyList<Row> rows)
    {
        _unet = unet;
        _prediction = prediction;
        (_height, _width) = (height, width);
        _rows = [.. rows];
        _parts = [.. rows.SelectMany(row => Enumerable.Range(0, row.UnetRows).Select(part => (row, part)))];
        _isAnswered = new bool[_parts.Length];
        _group = new int[_parts.Length];
    }

    public void Run(RunOptions options, RenderProgress progress, CancellationToken ct)
    {
        for (var left = StepsLeft(); left > 0;)
        {
            ct.ThrowIfCancellationRequested();
            AnswerAll(options, ct);
            foreach (var row in _rows)
            {
                if (row.IsActive && row.Asked.Step is var step && !row.Advance(_prediction))
                {
                    throw new NonFiniteLatentsException(row.Index, step + 1, row.Request);
                }
            }

            var before = left;
            left = StepsLeft();
            if (left < before)
            {
                progress.Advance(before - left, _rows, _height, _width);
            }
        }
    }

    public void Dispose()
    {
        foreach (var row in _rows)
        {
            row.Dispose();
        }
    }

    private int StepsLeft()
    {
        var most = 0;
        foreach (var row in _rows)
        {
            most = Math.Max(most, row.StepsLeft);
        }

        return most;
    }

    private void AnswerAll(RunOptions options, CancellationToken ct)
    {
        for (var i = 0; i < _parts.Length; i++)
        {
            _isAnswered[i] = !_parts[i].Row.IsActive;
        }

        for (var i = 0; i < _parts.Length; i++)
        {
            if (!_isAnswered[i])
            {
                AnswerGroup(Gather(i), _parts[i].Row.TokensOf(_parts[i].Part), options, ct);
            }
        }
    }

    /// <summary>Collects the rows that can go through the UNet with this one: as many tokens, and its timestep where the network takes only one.</summary>
    private int Gather(int first)
    {
        var tokens = _parts[first].Row.TokensOf(_parts[first].Part);
        var timestep = _parts[first].Row.Asked.Timestep;
        var count = 0;
        for (var i = first; i < _parts.Length; i++)
        {
            var (row, part) = _parts[i];
            if (!_isAnswered[i] && row.TokensOf(part) == tokens && (_unet.TakesRowTimesteps || row.Asked.Timestep == timestep))
            {
                _isAnswered[i] = true;
                _group[count++] = i;
            }
        }

        return count;
    }

    private void AnswerGroup(int count, int tokens, RunOptions options, CancellationToken ct)
    {
        var batch = _unet.Batch(count, _height, _width, tokens);
        for (var at = 0; at < count; at++)
        {
            var (row, part) = _parts[_group[at]];
            row.Ask(part, batch, at);
        }

        _unet.Run(batch, options, ct);
        for (var at = 0; at < count; at++)
        {
            var (row, part) = _parts[_group[at]];
            row.Answer(part, batch.Output(at));
        }
    }
}
