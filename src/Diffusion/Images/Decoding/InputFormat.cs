namespace RenderFarm.Diffusion.Images.Decoding;

/// <summary>The kinds of file that a picture may come in.</summary>
internal enum InputFormat
{
    Png,
    Jpeg,
    Webp,
    Gif,
    Bmp,
}
