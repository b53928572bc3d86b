using System.Numerics.Tensors;
using Microsoft.ML.OnnxRuntime;
using RenderFarm.Diffusion.Images;
using RenderFarm.Diffusion.Models;
using RenderFarm.Diffusion.Noise;
using RenderFarm.Diffusion.Schedules;

namespace RenderFarm.Diffusion.ImageToImage;

/// <summary>Where a picture's path begins.</summary>
/// <param name="X">x0 + sigma * noise at the first step, [channels, height, width].</param>
/// <param name="Schedule">The schedule, joined where the path begins.</param>
/// <param name="Blend">What keeps the unmasked part, for UNets that do not see the mask.</param>
/// <param name="MaskChannels">What an inpainting UNet sees beside the latents: the mask, then the latents of the masked picture; empty for others.</param>
internal sealed record StartingLatent(float[] X, NoiseSchedule Schedule, LatentBlend? Blend, float[] MaskChannels);

/// <summary>Makes starting latents: of noise, or of a picture and noise. The order of draws is diffusers'.</summary>
internal sealed class StartingLatents(ModelFolder model, Func<LatentEncoder> encoder)
{
    // A UNet that sees a mask is told that all is to be drawn, over a grey picture, where the request has none.
    private const float Grey = 0;

    private bool SeesMask => model.Parts.Unet.InChannels > model.Parts.Vae.LatentChannels;

    public StartingLatent Of(ImageRequest request, NoiseSchedule schedule, RequestNoise noise, RunOptions options, CancellationToken ct)
    {
        var (height, width) = (request.Height, request.Width);
        if (request.Start is not { } start)
        {
            var pure = noise.First();
            TensorPrimitives.Multiply(pure, schedule.InitialScale, pure);
            return new StartingLatent(pure, schedule, null, SeesMask ? MaskChannels([], [], height, width, noise, options, ct) : []);
        }

        var picture = PicturePlanes.Of(start.Image, height, width);
        var mask = request.Inpaint is { } inpaint ? PicturePlanes.MaskOf(inpaint.Mask, height, width) : [];
        var joined = schedule with { Start = StartRules.FirstStep(schedule.Steps, start.Strength) };
        var isPureNoise = request.Inpaint is { Fill: MaskFill.Original } && start.Strength == 1;

        var init = isPureNoise && SeesMask ? [] : encoder().Encode(picture, height, width, noise, options, ct);
        var unit = noise.First();
        var latentMask = mask.Length > 0 ? LatentMask(mask, height, width) : [];
        if (request.Inpaint is not null && init.Length > 0)
        {
            Fill(request.Inpaint.Fill, init, latentMask, request);
        }

        var x = unit.ToArray();
        TensorPrimitives.Multiply(x, isPureNoise ? schedule.InitialScale : joined.Sigmas[joined.Start], x);
        if (!isPureNoise)
        {
            TensorPrimitives.Add(x, init, x);
        }

        return new StartingLatent(
            x,
            joined,
            mask.Length > 0 && !SeesMask ? new LatentBlend(latentMask, init, unit) : null,
            SeesMask ? MaskChannels(mask, picture, height, width, noise, options, ct) : []);
    }

    /// <summary>The mask at the latents' size, the same for every channel: the value of the first pixel under each latent value.</summary>
    private float[] LatentMask(float[] mask, int height, int width)
    {
        var factor = model.LatentFactor;
        var (latentHeight, latentWidth) = (height / factor, width / factor);
        var plane = latentHeight * latentWidth;
        var result = new float[model.Parts.Vae.LatentChannels * plane];
        for (var y = 0; y < latentHeight; y++)
        {
            for (var x = 0; x < latentWidth; x++)
            {
                result[(y * latentWidth) + x] = mask[(y * factor * width) + (x * factor)];
            }
        }

        for (var channel = 1; channel < model.Parts.Vae.LatentChannels; channel++)
        {
            result.AsSpan(0, plane).CopyTo(result.AsSpan(channel * plane));
        }

        return result;
    }

    private static void Fill(MaskFill fill, float[] init, float[] mask, ImageRequest request)
    {
        if (fill == MaskFill.Original)
        {
            return;
        }

        var replacement = new float[init.Length];
        if (fill == MaskFill.LatentNoise)
        {
            RequestNoise.Source(request, request.Seed).FillNormal(replacement);
        }

        TensorPrimitives.Subtract(replacement, init, replacement);
        TensorPrimitives.MultiplyAdd(replacement, mask, init, init);
    }

    private float[] MaskChannels(float[] mask, float[] picture, int height, int width, INoiseSource noise, RunOptions options, CancellationToken ct)
    {
        var pixels = height * width;
        var masked = new float[3 * pixels];
        if (mask.Length == 0)
        {
            mask = [.. Enumerable.Repeat(1f, pixels)];
        }

        if (picture.Length == masked.Length)
        {
            for (var i = 0; i < masked.Length; i++)
            {
                masked[i] = mask[i % pixels] < 0.5f ? picture[i] : Grey;
            }
        }

        var plane = LatentMask(mask, height, width).AsSpan(0, pixels / (model.LatentFactor * model.LatentFactor));
        return [.. plane, .. encoder().Encode(masked, height, width, noise, options, ct)];
    }
}
