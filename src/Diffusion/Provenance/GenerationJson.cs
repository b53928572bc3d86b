using System.Security.Cryptography;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using RenderFarm.Diffusion.Images;
using RenderFarm.Diffusion.Models;

namespace RenderFarm.Diffusion.Provenance;

/// <summary>A picture's model and request as JSON, for the text "renderfarm": all of it, where webui's text has no words for some. Pictures are named by their digest.</summary>
public sealed record GenerationJson(string Model, string ModelDigest, ImageRequest Request)
{
    /// <summary>The keyword of the text.</summary>
    public const string Keyword = "renderfarm";

    /// <summary>For a request, before or after it is rendered.</summary>
    public static string For(ImageRequest request, ModelFolder model) => new GenerationJson(model.Name, model.Digest, RequestRules.WithSize(request, model)).Write();

    public string Write() => JsonSerializer.Serialize(this, Options([]));

    /// <summary>Reads it back; the pictures that the request names must be given. Throws <see cref="RenderRequestException"/> for what is none.</summary>
    public static GenerationJson Read(string json, params IReadOnlyList<InputImage> pictures)
    {
        try
        {
            return JsonSerializer.Deserialize<GenerationJson>(json, Options(pictures)) is { Request: not null } read
                ? read
                : throw new RenderRequestException(Keyword, "empty", "the settings of a picture");
        }
        catch (JsonException problem)
        {
            throw new RenderRequestException(Keyword, $"not readable ({problem.Message})", "the settings of a picture as JSON");
        }
    }

    private static JsonSerializerOptions Options(IReadOnlyList<InputImage> pictures) => new(JsonSerializerDefaults.Web)
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase), new PictureByDigest(pictures) },
    };

    /// <summary>A picture as the SHA-256 of its size and colours.</summary>
    private sealed class PictureByDigest(IReadOnlyList<InputImage> pictures) : JsonConverter<InputImage>
    {
        public override InputImage Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
        {
            var digest = reader.GetString();
            return pictures.FirstOrDefault(picture => Digest(picture) == digest)
                ?? throw new RenderRequestException("picture", $"{digest}", "one of the given pictures");
        }

        public override void Write(Utf8JsonWriter writer, InputImage value, JsonSerializerOptions options) => writer.WriteStringValue(Digest(value));

        private static string Digest(InputImage picture)
        {
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            hash.AppendData(BitConverter.GetBytes(picture.Width));
            hash.AppendData(BitConverter.GetBytes(picture.Height));
            hash.AppendData(picture.Rgb.Span);
            hash.AppendData(picture.Alpha is { } alpha ? alpha.Span : []);
            return Convert.ToHexStringLower(hash.GetHashAndReset());
        }
    }
}
