using RenderFarm.Diffusion.Models;

namespace RenderFarm.Diffusion.Control;

/// <summary>What a control image must be.</summary>
internal static class ControlRules
{
    private const double MaxScale = 10;

    /// <summary>Throws <see cref="RenderRequestException"/> for the first field that cannot be done.</summary>
    public static void Check(ImageRequest request, ModelFolder model)
    {
        if (request.Control is not { } control)
        {
            return;
        }

        if (!model.HasControlNet)
        {
            throw new RenderRequestException(nameof(request.Control), "a picture", $"nothing, because {model.Name} has no {NetworkFiles.ControlNet}");
        }

        const string Field = nameof(request.Control);
        RequestRules.CheckRange($"{Field}.{nameof(control.Scale)}", control.Scale, 0, MaxScale);
        RequestRules.CheckRange($"{Field}.{nameof(control.Start)}", control.Start, 0, 1);
        RequestRules.CheckRange($"{Field}.{nameof(control.End)}", control.End, control.Start, 1);
    }
}
