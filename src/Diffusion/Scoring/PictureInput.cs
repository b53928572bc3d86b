using System.Text.Json;
using RenderFarm.Diffusion.Models;
using RenderFarm.Diffusion.Resizing;

namespace RenderFarm.Diffusion.Scoring;

/// <summary>How a picture becomes the vision network's input: shortest edge resized, centre cut out, values scaled and normalised per channel.</summary>
internal sealed record PictureInput(int ShortestEdge, int CropHeight, int CropWidth, double Scale, float[] Mean, float[] Deviation)
{
    public const int Channels = 3;
    public const string File = "preprocessor_config.json";

    private const int Bicubic = 3;

    // What the first CLIP was trained with.
    private static readonly float[] DefaultMean = [0.48145466f, 0.4578275f, 0.40821073f];
    private static readonly float[] DefaultDeviation = [0.26862954f, 0.26130258f, 0.27577711f];

    public int Size => Channels * CropHeight * CropWidth;

    /// <summary>Reads the config, or notes why it cannot be used and returns null.</summary>
    public static PictureInput? Read(ProblemList problems, string file = File)
    {
        if (ModelJson.Read(file, problems) is not { } json)
        {
            return null;
        }

        var before = problems.Count;
        foreach (var step in new[] { "do_resize", "do_center_crop", "do_rescale", "do_normalize" })
        {
            if (json.Flag(step) == false)
            {
                json.Refuse(step, "false", "Use a CLIP whose preprocessor resizes, crops, rescales and normalises.");
            }
        }

        var resample = json.Integer("resample", Bicubic);
        if (resample != Bicubic)
        {
            json.Refuse("resample", $"{resample}", $"Use a CLIP whose preprocessor resizes bicubically ({Bicubic}).");
        }

        var edge = Side(json, "size", "shortest_edge", json.Find("size"));
        var crop = json.Find("crop_size");
        var (height, width) = (Side(json, "crop_size", "height", crop), Side(json, "crop_size", "width", crop));
        if (Math.Max(height, width) > edge)
        {
            json.Refuse("crop_size", $"{height}x{width}", $"It may not be larger than the shortest edge, {edge}.");
        }

        var mean = PerChannel(json, "image_mean", DefaultMean);
        var deviation = PerChannel(json, "image_std", DefaultDeviation);
        if (deviation.Contains(0))
        {
            json.Refuse("image_std", "0", "Restore the file from the model's source.");
        }

        return problems.Count == before ? new PictureInput(edge, height, width, json.Number("rescale_factor", 1 / 255.0), mean, deviation) : null;
    }

    /// <summary>Writes the network's input, channel by channel.</summary>
    public void Fill(ReadOnlySpan<byte> rgb, int width, int height, Span<float> values)
    {
        // 1. The shortest edge to its size, the other in proportion, rounded down.
        var (newWidth, newHeight) = width <= height
            ? (ShortestEdge, (int)((long)ShortestEdge * height / width))
            : ((int)((long)ShortestEdge * width / height), ShortestEdge);
        var resized = new PixelGrid(width, height, Channels, rgb.ToArray()).Filtered(newWidth, newHeight, ResampleFilter.Bicubic).Values.Span;

        // 2. The centre, 3. scaled and normalised.
        var (left, top) = ((newWidth - CropWidth) / 2, (newHeight - CropHeight) / 2);
        var i = 0;
        for (var channel = 0; channel < Channels; channel++)
        {
            for (var y = top; y < top + CropHeight; y++)
            {
                for (var x = left; x < left + CropWidth; x++)
                {
                    var value = (float)(resized[(((y * newWidth) + x) * Channels) + channel] * Scale);
                    values[i++] = (value - Mean[channel]) / Deviation[channel];
                }
            }
        }
    }

    // A number, or an object with the side's name.
    private static int Side(ModelJson json, string name, string side, JsonElement? value)
    {
        if (value is { ValueKind: JsonValueKind.Object } sides && sides.TryGetProperty(side, out var named))
        {
            value = named;
        }

        if (value is { ValueKind: JsonValueKind.Number } number && number.TryGetInt32(out var pixels) && pixels is > 0 and <= 4096)
        {
            return pixels;
        }

        json.Refuse(name, value?.GetRawText() ?? "missing", $"A number of pixels is needed, or an object with {side}.");
        return 1;
    }

    private static float[] PerChannel(ModelJson json, string name, float[] fallback)
    {
        if (json.Find(name) is not { } value)
        {
            return fallback;
        }

        if (value.ValueKind == JsonValueKind.Array && value.GetArrayLength() == Channels && value.EnumerateArray().All(number => number.ValueKind == JsonValueKind.Number))
        {
            return [.. value.EnumerateArray().Select(number => (float)number.GetDouble())];
        }

        json.Refuse(name, value.GetRawText(), "Three numbers are needed, for red, green and blue.");
        return fallback;
    }
}
