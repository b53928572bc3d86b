using System.Numerics.Tensors;
using Microsoft.ML.OnnxRuntime;
using RenderFarm.Diffusion.Images;
using RenderFarm.Diffusion.Models;
using RenderFarm.Diffusion.Noise;

namespace RenderFarm.Diffusion.Previews;

/// <summary>
/// The colour of a latent value, as a weighted sum of its channels: the least-squares fit, for a model's own decoder, of the colours of patches
/// of noise. Costs one decoded picture per model and next to nothing per preview; fitted to rendered pictures it was no closer to them.
/// </summary>
internal sealed class LatentColors : ILatentPainter
{
    private const int Colors = 3;

    // Patches wide enough that the middle of each is decoded to its own colour and not its neighbours'.
    private const int Patch = 4;

    private readonly float[][] _weights;

    private LatentColors(float[][] weights) => _weights = weights;

    /// <summary>Fits the colours to what the decoder makes of patches of noise, of the model's own size.</summary>
    public static LatentColors Fit(ModelFolder model, LatentDecoder decoder, RunOptions options, CancellationToken ct)
    {
        var (channels, factor) = (model.Parts.Vae.LatentChannels, model.LatentFactor);
        var (height, width) = (model.DefaultHeight / factor, model.DefaultWidth / factor);
        var latent = Patches(channels, height, width);
        var rgb = decoder.Decode(latent, model.DefaultHeight, model.DefaultWidth, options, ct);

        // Normal equations A^T A w = A^T b, with a column of ones; [channels + 1] squared, and one right side per colour.
        var system = new double[channels + 1, channels + 1 + Colors];
        var row = new double[channels + 1 + Colors];
        for (var i = 0; i < height * width; i++)
        {
            var (y, x) = (i / width, i % width);
            if (y % Patch is 0 or Patch - 1 || x % Patch is 0 or Patch - 1)
            {
                continue;
            }

            for (var channel = 0; channel < channels; channel++)
            {
                row[channel] = latent[(channel * height * width) + i];
            }

            row[channels] = 1;
            for (var color = 0; color < Colors; color++)
            {
                row[channels + 1 + color] = Mean(rgb, color, y * factor, x * factor, factor, width * factor);
            }

            for (var a = 0; a <= channels; a++)
            {
                for (var b = 0; b < row.Length; b++)
                {
                    system[a, b] += row[a] * row[b];
                }
            }
        }

        return new LatentColors(Solve(system, channels + 1));
    }

    public int Factor => 1;

    public byte[] Paint(ReadOnlySpan<float> latent, int height, int width, RunOptions options, CancellationToken ct)
    {
        var channels = _weights[0].Length - 1;
        var pixels = height * width;
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
