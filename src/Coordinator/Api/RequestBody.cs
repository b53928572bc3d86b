using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Http.HttpResults;
using RenderFarm.Coordinator.Jobs;
using RenderFarm.Shared;

namespace RenderFarm.Coordinator.Api;

/// <summary>Reads a JSON body strictly: what does not fit comes back as a problem that names every field.</summary>
internal static partial class RequestBody
{
    /// <summary>Bytes: a hundred thousand prompts of some 300 characters.</summary>
    public const long MaxBytes = 32 * 1024 * 1024;

    /// <summary>The field name of an error that is about the body as a whole.</summary>
    public const string Whole = "body";

    /// <summary>Reads the body, or says why it cannot be.</summary>
    public static async Task<(T? Value, ProblemHttpResult? Problem)> ReadAsync<T>(HttpRequest request, CancellationToken cancellationToken)
        where T : class
    {
        if (!request.HasJsonContentType())
        {
            return (null, Problems.Of(StatusCodes.Status415UnsupportedMediaType, NotJson(request)));
        }

        var errors = new FieldErrors();
        var value = await ReadAsync<T>(request.Body, errors, cancellationToken);
        return errors.IsEmpty ? (value, null) : (null, Problems.Invalid(errors));
    }

    /// <summary>What to tell who sends something else.</summary>
    public static string NotJson(HttpRequest request)
    {
        var given = string.IsNullOrEmpty(request.ContentType) ? "no content type was given" : $"got {request.ContentType}";
        return $"The body must be JSON: send the header 'Content-Type: application/json'; {given}.";
    }

    private static async Task<T?> ReadAsync<T>(Stream body, FieldErrors errors, CancellationToken cancellationToken)
        where T : class
    {
        try
        {
            using var document = await JsonDocument.ParseAsync(body, new JsonDocumentOptions { MaxDepth = FarmJson.Options.MaxDepth }, cancellationToken);
            JsonShape.Check(document.RootElement, typeof(T), "", errors);
            return errors.IsEmpty ? document.Deserialize<T>(FarmJson.Options) : null;
        }
        catch (JsonException fault)
        {
            errors.Add(Whole, $"Not valid JSON at line {fault.LineNumber + 1}, byte {fault.BytePositionInLine + 1}: {Position().Replace(fault.Message, "")}");
            return null;
        }
        catch (InvalidOperationException)
        {
            errors.Add(Whole, "A field's name must be well-formed Unicode; one holds half of a surrogate pair.");
            return null;
        }
    }

    [GeneratedRegex(@" (Path: .* \| )?LineNumber: \d+ \| BytePositionInLine: \d+\.$")]
    private static partial Regex Position();
}
