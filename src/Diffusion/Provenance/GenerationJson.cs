using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using RenderFarm.Diffusion.Images;
using RenderFarm.Diffusion.Masks;
using RenderFarm.Diffusion.Models;

namespace RenderFarm.Diffusion.Provenance;

/// <summary>A picture's model and request as JSON, for the text "renderfarm.request": all of it, where webui's text has no words for some. Pictures are named by their digest.</summary>
public sealed record GenerationJson(string Model, string ModelDigest, ImageRequest Request)
{
    /// <summary>The keyword of the text.</summary>
    public const string Keyword = "renderfarm.request";

    /// <summary>For a request, before or after it is rendered.</summary>
    public static string For(ImageRequest request, ModelFolder model) => new GenerationJson(model.Name, model.Digest, RequestRules.WithSize(request, model)).Write();

    public string Write() => JsonSerializer.Serialize(this, Options([], []));

    /// <summary>Reads it back; the pictures and masks that the request names must be given. Throws <see cref="RenderRequestException"/> for what is none.</summary>
    public static GenerationJson Read(string json, IReadOnlyList<InputImage>? pictures = null, IReadOnlyList<MaskImage>? masks = null)
    {
        try
        {
            return JsonSerializer.Deserialize<GenerationJson>(json, Options(pictures ?? [], masks ?? [])) is { Request: not null } read
                ? read
                : throw new RenderRequestException(Keyword, "empty", "the settings of a picture");
        }
        catch (JsonException problem)
        {
            throw new RenderRequestException(Keyword, $"not readable ({problem.Message})", "the settings of a picture as JSON");
        }
    }

    private static JsonSerializerOptions Options(IReadOnlyList<InputImage> pictures, IReadOnlyList<MaskImage> masks) => new(JsonSerializerDefaults.Web)
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
        Converters =
        {
            new JsonStringEnumConverter(JsonNamingPolicy.CamelCase),
            new ByDigest<InputImage>(pictures, picture => Digest(picture.Width, picture.Height, picture.Rgb.Span, picture.Alpha is { } alpha ? alpha.Span : [])),
            new ByDigest<MaskImage>(masks, mask => Digest(mask.Width, mask.Height, mask.Values.Span, [])),
        },
    };

    private static string Digest(int width, int height, ReadOnlySpan<byte> values, ReadOnlySpan<byte> opacity)
    {
        Span<byte> size = stackalloc byte[2 * sizeof(int)];
        BinaryPrimitives.WriteInt32LittleEndian(size, width);
        BinaryPrimitives.WriteInt32LittleEndian(size[sizeof(int)..], height);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(size);
        hash.AppendData(values);
        hash.AppendData(opacity);
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    /// <summary>A picture as the SHA-256 of its size and values.</summary>
    private sealed class ByDigest<T>(IReadOnlyList<T> given, Func<T, string> digest) : JsonConverter<T>
        where T : class
    {
        public override T Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
        {
            var named = reader.GetString();
            return given.FirstOrDefault(one => digest(one) == named) ?? throw new RenderRequestException("picture", $"{named}", "one of those that are given");
        }

        public override void Write(Utf8JsonWriter writer, T value, JsonSerializerOptions options) => writer.WriteStringValue(digest(value));
    }
}
