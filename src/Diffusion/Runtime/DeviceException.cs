namespace RenderFarm.Diffusion.Runtime;

/// <summary>A device that does not exist, or that this build of ONNX Runtime cannot use.</summary>
public sealed class DeviceException(string device, string fix, Exception? inner = null)
    : Exception($"The device '{device}' cannot be used. {fix}", inner)
{
    /// <summary>The device as it was given.</summary>
    public string Device { get; } = device;
}
