using System.Numerics.Tensors;
using RenderFarm.Diffusion.ImageToImage;
using RenderFarm.Diffusion.Resizing;
using RenderFarm.Diffusion.Schedules;

namespace RenderFarm.Diffusion.Control;

/// <summary>A row's control image as the network takes it, and when it guides.</summary>
internal sealed class RowControl
{
    private readonly ControlImage _control;
    private readonly int _first;
    private readonly double _count;

    private RowControl(ControlImage control, float[] planes, NoiseSchedule schedule)
    {
        _control = control;
        (_first, _count) = (schedule.Start, schedule.Steps - schedule.Start);
        Planes = planes;
    }

    /// <summary>[3, height, width] from 0 to 1.</summary>
    public float[] Planes { get; }

    public static RowControl? Of(ImageRequest request, NoiseSchedule schedule)
    {
        if (request.Control is not { } control)
        {
            return null;
        }

        var fitted = Fitting.Fit(control.Image, request.Width, request.Height, ResizeMode.Stretch);
        var planes = PicturePlanes.Of(fitted);
        TensorPrimitives.Add(planes, 1, planes);
        TensorPrimitives.Divide(planes, 2, planes);
        return new RowControl(control, planes, schedule);
    }

    /// <summary>How strongly it guides at a step: only in steps that lie wholly between start and end, as in diffusers.</summary>
    public float ScaleAt(int step)
    {
        var at = step - _first;
        return at / _count < _control.Start || (at + 1) / _count > _control.End ? 0 : (float)_control.Scale;
    }
}
