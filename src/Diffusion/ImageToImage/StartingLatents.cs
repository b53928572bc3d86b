using System.Numerics.Tensors;
using Microsoft.ML.OnnxRuntime;
using RenderFarm.Diffusion.Images;
using RenderFarm.Diffusion.Masks;
using RenderFarm.Diffusion.Models;
using RenderFarm.Diffusion.Noise;
using RenderFarm.Diffusion.Resizing;
using RenderFarm.Diffusion.Samplers;
using RenderFarm.Diffusion.Schedules;

namespace RenderFarm.Diffusion.ImageToImage;

/// <summary>Makes starting latents: of noise, or of a picture and noise. The order of draws is diffusers'.</summary>
internal sealed class StartingLatents(ModelFolder model, Func<LatentEncoder> encoder)
{
    private bool SeesMask => model.Parts.Unet.InChannels > model.Parts.Vae.LatentChannels;

    /// <summary>The start of a request: its picture and noise, or noise alone.</summary>
    public StartingLatent Of(ImageRequest request, NoiseSchedule schedule, RequestNoise noise, RunOptions options, CancellationToken ct)
    {
        if (request.Start is { } start)
        {
            return request.Inpaint is { } inpaint
                ? OfMasked(request, start, inpaint, schedule, noise, options, ct)
                : OfLatent(request, Encode(Fitting.Fit(start.Image, request.Width, request.Height, start.ResizeMode), noise, options, ct), Joined(schedule, request, start), noise, options, ct);
        }

        var x = noise.First();
        TensorPrimitives.Multiply(x, schedule.InitialScale, x);
        return new StartingLatent(x, schedule) { MaskChannels = WholeMask(request, noise, options, ct) };
    }

    /// <summary>The start from a latent that is there already, noised to where the schedule is joined.</summary>
    public StartingLatent OfLatent(ImageRequest request, ReadOnlySpan<float> latent, NoiseSchedule joined, RequestNoise noise, RunOptions options, CancellationToken ct)
    {
        var x = noise.First();
        TensorPrimitives.MultiplyAdd(x, joined.Sigmas[joined.Start], latent, x);
        return new StartingLatent(x, joined) { MaskChannels = WholeMask(request, noise, options, ct) };
    }

    /// <summary>The latent of a picture; without noise, the middle of what the autoencoder takes it for.</summary>
    public float[] Encode(InputImage picture, INoiseSource? noise, RunOptions options, CancellationToken ct) =>
        encoder().Encode(PicturePlanes.Of(picture), picture.Height, picture.Width, noise, options, ct);

    private StartingLatent OfMasked(
        ImageRequest request, StartImage start, Inpainting inpaint, NoiseSchedule schedule, RequestNoise noise, RunOptions options, CancellationToken ct)
    {
        var masked = Masked(request, start, inpaint);
        var picture = inpaint.Content == MaskedContent.Fill ? FilledImage.Of(masked.Picture, masked.Mask) : masked.Picture;
        var joined = Joined(schedule, request, start);
        var isPureNoise = inpaint.Content == MaskedContent.Original && start.Strength == 1 && joined.Start == 0;

        var latent = isPureNoise && SeesMask ? [] : Encode(picture, noise, options, ct);
        var unit = noise.First();
        var mask = PerChannel(masked.Mask.ToLatent(request.Width / model.LatentFactor, request.Height / model.LatentFactor, rounds: true));
        Replace(inpaint.Content, latent, mask, request);
        var x = unit.ToArray();
        TensorPrimitives.Multiply(x, isPureNoise ? schedule.InitialScale : joined.Sigmas[joined.Start], x);
        if (!isPureNoise)
        {
            TensorPrimitives.Add(x, latent, x);
        }

        return new StartingLatent(x, joined)
        {
            Blend = SeesMask ? null : new LatentBlend(mask, latent, unit),
            MaskChannels = SeesMask ? [.. mask[..(mask.Length / model.Parts.Vae.LatentChannels)], .. EncodeOutside(picture, masked.Mask, noise, options, ct)] : [],
            Masked = inpaint.KeepOutside || inpaint.OnlyMasked ? masked : null,
        };
    }

    private static MaskedPicture Masked(ImageRequest request, StartImage start, Inpainting inpaint)
    {
        var mask = inpaint.Invert ? inpaint.Mask.Inverted() : inpaint.Mask;
        mask = inpaint.Blur > 0 ? mask.Blurred(inpaint.Blur, inpaint.Blur) : mask;
        return inpaint.OnlyMasked
            ? MaskedPicture.OnlyMasked(start.Image, mask, request.Width, request.Height, inpaint.Padding)
            : MaskedPicture.Whole(start.Image, mask, request.Width, request.Height, start.ResizeMode);
    }

    private static NoiseSchedule Joined(NoiseSchedule schedule, ImageRequest request, StartImage start) =>
        schedule with { Start = SamplerTable.Named(request.Sampler).FirstStep(schedule, request.Steps, start.Strength) };

    private float[] PerChannel(float[] plane) => [.. Enumerable.Repeat(plane, model.Parts.Vae.LatentChannels).SelectMany(values => values)];

    private static void Replace(MaskedContent content, float[] latent, float[] mask, ImageRequest request)
    {
        if (content is not (MaskedContent.LatentNoise or MaskedContent.LatentNothing))
        {
            return;
        }

        var replacement = new float[latent.Length];
        if (content == MaskedContent.LatentNoise)
        {
            RequestNoise.Source(request, request.Seed).FillNormal(replacement);
        }

        TensorPrimitives.Subtract(replacement, latent, replacement);
        TensorPrimitives.MultiplyAdd(replacement, mask, latent, latent);
    }

    /// <summary>Where the request has no mask, a UNet that sees one is told that all is to be drawn, over a grey picture.</summary>
    private float[] WholeMask(ImageRequest request, INoiseSource noise, RunOptions options, CancellationToken ct)
    {
        if (!SeesMask)
        {
            return [];
        }

        var grey = encoder().Encode(new float[3 * request.Height * request.Width], request.Height, request.Width, noise, options, ct);
        return [.. Enumerable.Repeat(1f, grey.Length / model.Parts.Vae.LatentChannels), .. grey];
    }

    /// <summary>The latent of the picture with grey where it is masked.</summary>
    private float[] EncodeOutside(InputImage picture, MaskImage mask, INoiseSource noise, RunOptions options, CancellationToken ct)
    {
        const int Half = 128;
        var planes = PicturePlanes.Of(picture);
        var masked = mask.Values.Span;
        for (var i = 0; i < planes.Length; i++)
        {
            if (masked[i % masked.Length] >= Half)
            {
                planes[i] = 0;
            }
        }

        return encoder().Encode(planes, picture.Height, picture.Width, noise, options, ct);
    }
}
