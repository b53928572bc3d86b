using RenderFarm.Diffusion.Images;
using RenderFarm.Shared.Settings;

namespace RenderFarm.Worker.Rendering;

/// <summary>How the pictures of a job are written.</summary>
internal static class PictureFile
{
    public static PictureEncoding Of(OutputSettings output)
    {
        var usual = new PictureEncoding { Format = Enum.Parse<PictureFormat>(output.Format, ignoreCase: true) };
        return output.Quality is { } quality ? usual with { Quality = quality } : usual;
    }
}
