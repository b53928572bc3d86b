using System.Numerics.Tensors;
using Microsoft.ML.OnnxRuntime;
using RenderFarm.Diffusion.Images;
using RenderFarm.Diffusion.Models;
using RenderFarm.Diffusion.Noise;

namespace RenderFarm.Diffusion.Previews;

/// <summary>
/// The colour of a latent value, as a weighted sum of its channels: the least-squares fit, for a model's own decoder, of the colours it decodes.
/// Begins with patches of noise, which costs one decoded picture per model, and learns from the pictures that are rendered.
/// </summary>
internal sealed class LatentColors
{
    private const int Colors = 3;

    // Patches wide enough that the middle of each is decoded to its own colour and not its neighbours'.
    private const int Patch = 4;

    // Noise is not what pictures are made of: it only has a say as long as there is nothing else.
    private const double NoiseShare = 0.01;

    private readonly int _factor;
    private readonly double[,] _system;
    private float[][]? _weights;

    private LatentColors(int channels, int factor)
    {
        _factor = factor;

        // Normal equations A^T A w = A^T b, with a column of ones; [channels + 1] squared, and one right side per colour.
        _system = new double[channels + 1, channels + 1 + Colors];
    }

    private int Channels => _system.GetLength(0) - 1;

    /// <summary>Fits the colours to what the decoder makes of patches of noise, of the model's own size.</summary>
    public static LatentColors Fit(ModelFolder model, LatentDecoder decoder, RunOptions options, CancellationToken ct)
    {
        var colors = new LatentColors(model.Parts.Vae.LatentChannels, model.LatentFactor);
        var latent = Patches(colors.Channels, model.DefaultHeight / model.LatentFactor, model.DefaultWidth / model.LatentFactor);
        var rgb = decoder.Decode(latent, model.DefaultHeight, model.DefaultWidth, options, ct);
        colors.Add(latent, rgb, model.DefaultWidth / model.LatentFactor, NoiseShare, at => at % Patch is > 0 and < Patch - 1);
        return colors;
    }

    /// <summary>Adds a latent and its picture, as rows of RGB bytes, to what is fitted.</summary>
    public void Learn(ReadOnlySpan<float> latent, ReadOnlySpan<byte> rgb, int width) => Add(latent, rgb, width / _factor, 1, _ => true);

    /// <summary>Rows of RGB bytes, one pixel per latent value.</summary>
    public byte[] Paint(ReadOnlySpan<float> latent)
    {
        _weights ??= Solve((double[,])_system.Clone(), Channels + 1);
        var channels = Channels;
        var pixels = latent.Length / channels;
        var rgb = new byte[pixels * Colors];
        var plane = new float[pixels];
        for (var color = 0; color < Colors; color++)
        {
            plane.AsSpan().Fill(_weights[color][channels]);
            for (var channel = 0; channel < channels; channel++)
            {
                TensorPrimitives.MultiplyAdd(latent.Slice(channel * pixels, pixels), _weights[color][channel], plane, plane);
            }

            for (var i = 0; i < pixels; i++)
            {
                rgb[(i * Colors) + color] = (byte)Math.Clamp(MathF.Round(plane[i]), 0, 255);
            }
        }

        return rgb;
    }

    private void Add(ReadOnlySpan<float> latent, ReadOnlySpan<byte> rgb, int width, double share, Func<int, bool> counts)
    {
        var (channels, pixels) = (Channels, latent.Length / Channels);
        var row = new double[channels + 1 + Colors];
        for (var i = 0; i < pixels; i++)
        {
            if (!counts(i / width) || !counts(i % width))
            {
                continue;
            }

            for (var channel = 0; channel < channels; channel++)
            {
                row[channel] = latent[(channel * pixels) + i];
            }

            row[channels] = 1;
            for (var color = 0; color < Colors; color++)
            {
                row[channels + 1 + color] = Mean(rgb, color, i / width * _factor, i % width * _factor, _factor, width * _factor);
            }

            for (var a = 0; a <= channels; a++)
            {
                for (var b = 0; b < row.Length; b++)
                {
                    _system[a, b] += share * row[a] * row[b];
                }
            }
        }

        _weights = null;
    }

    private static float[] Patches(int channels, int height, int width)
    {
        var (rows, columns) = ((height + Patch - 1) / Patch, (width + Patch - 1) / Patch);
        var noise = new float[channels * rows * columns];
        new TorchRandom(0).FillNormal(noise);
        var latent = new float[channels * height * width];
        for (var i = 0; i < latent.Length; i++)
        {
            var (channel, y, x) = (i / (height * width), i / width % height, i % width);
            latent[i] = noise[(((channel * rows) + (y / Patch)) * columns) + (x / Patch)];
        }

        return latent;
    }

    private static double Mean(ReadOnlySpan<byte> rgb, int color, int top, int left, int side, int width)
    {
        var sum = 0;
        for (var y = top; y < top + side; y++)
        {
            for (var x = left; x < left + side; x++)
            {
                sum += rgb[(((y * width) + x) * Colors) + color];
            }
        }

        return sum / (double)(side * side);
    }

    /// <summary>Gauss-Jordan elimination; the matrix is symmetric and positive definite, for the patches are independent noise.</summary>
    private static float[][] Solve(double[,] system, int size)
    {
        for (var pivot = 0; pivot < size; pivot++)
        {
            var scale = system[pivot, pivot];
            for (var column = pivot; column < size + Colors; column++)
            {
                system[pivot, column] /= scale;
            }

            for (var row = 0; row < size; row++)
            {
                var share = row == pivot ? 0 : system[row, pivot];
                for (var column = pivot; column < size + Colors; column++)
                {
                    system[row, column] -= share * system[pivot, column];
                }
            }
        }

        return [.. Enumerable.Range(0, Colors).Select(color => Enumerable.Range(0, size).Select(row => (float)system[row, size + color]).ToArray())];
    }
}
