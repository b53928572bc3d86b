using System.Numerics.Tensors;
using Microsoft.ML.OnnxRuntime;
using RenderFarm.Diffusion.Models;
using RenderFarm.Diffusion.Runtime;
using RenderFarm.Diffusion.Scoring;

namespace RenderFarm.Diffusion.Safety;

/// <summary>Asks a model's own network whether a finished picture is unfit to be shown. Takes over the session.</summary>
internal sealed class SafetyChecker(SafetyParts parts, NetworkSession session) : IDisposable
{
    private const float White = 255;

    /// <summary>Whether the picture, rows of RGB bytes, is flagged.</summary>
    public bool Flags(ReadOnlySpan<byte> rgb, int width, int height, RunOptions options, CancellationToken ct)
    {
        using var clip = new PinnedTensor<float>(1, PictureInput.Channels, parts.Input.CropHeight, parts.Input.CropWidth);
        parts.Input.Fill(rgb, width, height, clip.Span);

        // Some exports also black the pictures, [1, height, width, 3] from 0 to 1, which is not needed here but must be given.
        using var picture = parts.Network.Input(NetworkFiles.Pictures) is null ? null : new PinnedTensor<float>(1, height, width, PictureInput.Channels);
        if (picture is not null)
        {
            TensorPrimitives.ConvertSaturating(rgb, picture.Span);
            TensorPrimitives.Divide(picture.Span, White, picture.Span);
        }

        using var flagged = new PinnedTensor<bool>(1);
        var inputs = picture is null
            ? new TensorSet([NetworkFiles.ClipInput], [clip.Value])
            : new TensorSet([NetworkFiles.ClipInput, NetworkFiles.Pictures], [clip.Value, picture.Value]);
        session.Run(options, inputs, new TensorSet([NetworkFiles.Concepts], [flagged.Value]), ct);
        return flagged.Span[0];
    }

    public void Dispose() => session.Dispose();
}
