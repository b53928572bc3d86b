using System.Globalization;
using RenderFarm.Diffusion.Models;

namespace RenderFarm.Diffusion.ImageToImage;

/// <summary>What a start image and its mask must be.</summary>
internal static class StartRules
{
    /// <summary>Throws <see cref="RenderRequestException"/> for the first field that cannot be done.</summary>
    public static void Check(ImageRequest request, ModelFolder model)
    {
        if (request.Start is not { } start)
        {
            if (request.Inpaint is not null)
            {
                throw new RenderRequestException(nameof(request.Start), "nothing", "a picture, because Inpaint has a mask");
            }

            return;
        }

        const string Field = $"{nameof(request.Start)}.{nameof(start.Strength)}";
        var strength = RequestRules.Text(start.Strength);
        if (!(start.Strength > 0 && start.Strength <= 1))
        {
            throw new RenderRequestException(Field, strength, "above 0 to 1");
        }

        if ((int)(request.Steps * start.Strength) == 0)
        {
            throw new RenderRequestException(
                Field,
                strength,
                string.Create(CultureInfo.InvariantCulture, $"at {request.Steps} steps {1.0 / request.Steps:0.####} or more, so that one step is left"));
        }

        if (model.Parts.EncoderNetwork is null)
        {
            throw new RenderRequestException(nameof(request.Start), "a picture", $"nothing, because {model.Name} has no {NetworkFiles.VaeEncoder}");
        }

        if (request.Inpaint is { } inpaint)
        {
            CheckMask(inpaint, start);
        }
    }

    private static void CheckMask(Inpainting inpaint, StartImage start)
    {
        const int MostBlur = 256;
        if ((inpaint.Mask.Width, inpaint.Mask.Height) != (start.Image.Width, start.Image.Height))
        {
            throw Wrong(nameof(inpaint.Mask), $"{inpaint.Mask.Width}x{inpaint.Mask.Height}", $"{start.Image.Width}x{start.Image.Height}, as the start image");
        }

        RequestRules.CheckRange($"{nameof(ImageRequest.Inpaint)}.{nameof(inpaint.Blur)}", inpaint.Blur, 0, MostBlur);
        if (inpaint.Padding < 0)
        {
            throw Wrong(nameof(inpaint.Padding), RequestRules.Text(inpaint.Padding), "0 or more");
        }
    }

    private static RenderRequestException Wrong(string field, string given, string allowed) => new($"{nameof(ImageRequest.Inpaint)}.{field}", given, allowed);
}
