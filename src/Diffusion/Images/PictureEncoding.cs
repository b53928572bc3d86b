using System.Globalization;

namespace RenderFarm.Diffusion.Images;

/// <summary>How a picture is written.</summary>
public sealed record PictureEncoding
{
    public PictureFormat Format { get; init; } = PictureFormat.Png;

    /// <summary>Of JPEG and lossy WebP, from 1 to 100. JPEG keeps all of the colour from 90 on, below a quarter of it.</summary>
    public int Quality { get; init; } = 90;

    /// <summary>WebP that keeps every value; PNG always does.</summary>
    public bool Lossless { get; init; }

    /// <summary>As HTTP names it.</summary>
    public string MediaType => Format switch
    {
        PictureFormat.Png => "image/png",
        PictureFormat.Jpeg => "image/jpeg",
        PictureFormat.Webp => "image/webp",
        _ => throw UnknownFormat(),
    };

    internal void Check()
    {
        if (!Enum.IsDefined(Format))
        {
            throw UnknownFormat();
        }

        if (Quality is < 1 or > 100)
        {
            throw new RenderRequestException(nameof(Quality), Quality.ToString(CultureInfo.InvariantCulture), "1 to 100");
        }

        if (Lossless && Format == PictureFormat.Jpeg)
        {
            throw new RenderRequestException(nameof(Lossless), "true", "false for JPEG");
        }
    }

    private RenderRequestException UnknownFormat() => new(nameof(Format), $"{Format}", string.Join(", ", Enum.GetNames<PictureFormat>()));
}
