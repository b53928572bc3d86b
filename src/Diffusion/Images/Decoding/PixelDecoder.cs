using RenderFarm.Diffusion.Images.Containers;
using SkiaSharp;

namespace RenderFarm.Diffusion.Images.Decoding;

/// <summary>Decodes the first frame of a picture whose header was found sound.</summary>
internal static unsafe class PixelDecoder
{
    /// <summary>Rows of RGBA with straight alpha, as the file has them: neither turned nor converted by a colour profile.</summary>
    public static DecodedPixels Decode(ReadOnlyMemory<byte> file, ImageHeader header)
    {
        ReadOnlyMemory<byte> readable = header.Format == InputFormat.Png ? PngChunks.Essential(file) : file;
        fixed (byte* bytes = readable.Span)
        {
            using var data = SKData.Create((IntPtr)bytes, readable.Length);
            using var codec = SKCodec.Create(data) ?? throw Broken(header, SKCodecResult.ErrorInInput);

            // A GIF's first frame may be larger than the screen that its header tells.
            var found = codec.Info;
            InputLimits.CheckSize(found.Width, found.Height);
            var info = new SKImageInfo(found.Width, found.Height, SKColorType.Rgba8888, SKAlphaType.Unpremul);
            var rgba = new byte[info.BytesSize64];
            fixed (byte* pixels = rgba)
            {
                var result = codec.GetPixels(info, (IntPtr)pixels);
                return result == SKCodecResult.Success
                    ? new DecodedPixels(found.Width, found.Height, rgba, HasAlpha: found.AlphaType != SKAlphaType.Opaque)
                    : throw Broken(header, result);
            }
        }
    }

    private static InputImageException Broken(ImageHeader header, SKCodecResult result) => ImageHeader.Broken(header.Format, result switch
    {
        SKCodecResult.IncompleteInput => "cut off",
        SKCodecResult.Unimplemented => $"of a kind of {header.Format} that is not read",
        _ => "damaged",
    });
}

/// <summary>Rows of RGBA.</summary>
internal sealed record DecodedPixels(int Width, int Height, byte[] Rgba, bool HasAlpha);
