using System.Globalization;
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

        Within(nameof(control.Scale), control.Scale, 0, MaxScale);
        Within(nameof(control.Start), control.Start, 0, 1);
        Within(nameof(control.End), control.End, control.Start, 1);

        static void Within(string field, double value, double from, double to)
        {
            if (!(value >= from && value <= to))
            {
                throw new RenderRequestException($"{nameof(request.Control)}.{field}", Text(value), $"{Text(from)} to {Text(to)}");
            }
        }

        static string Text(double value) => value.ToString(CultureInfo.InvariantCulture);
    }
}
