namespace RenderFarm.Diffusion.Images;

/// <summary>The kinds of file that a picture is written as.</summary>
public enum PictureFormat
{
    Png,
    Jpeg,
    Webp,
}
