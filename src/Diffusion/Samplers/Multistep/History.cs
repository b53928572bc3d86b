namespace RenderFarm.Diffusion.Samplers.Multistep;

/// <summary>What the last steps saw, newest first, in buffers that take turns.</summary>
internal static class History
{
    /// <summary>Makes the oldest buffer the first, to be overwritten by the newest.</summary>
    public static void Shift(float[][] buffers)
    {
        var oldest = buffers[^1];
        Array.Copy(buffers, 0, buffers, 1, buffers.Length - 1);
        buffers[0] = oldest;
    }
}
