using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.WebUtilities;
using RenderFarm.Coordinator.Jobs;

namespace RenderFarm.Coordinator.Api;

/// <summary>Answers of kind <c>application/problem+json</c> (RFC 9457, https://www.rfc-editor.org/rfc/rfc9457).</summary>
internal static class Problems
{
    /// <summary>Some fields of the request are wrong.</summary>
    public static ProblemHttpResult Invalid(FieldErrors errors, int status = StatusCodes.Status400BadRequest) => TypedResults.Problem(
        new HttpValidationProblemDetails(errors.ToDictionary())
        {
            Status = status,
            Title = ReasonPhrases.GetReasonPhrase(status),
            Detail = "The request has fields that cannot be used; see 'errors'.",
        });

    /// <summary>One field of the request is wrong.</summary>
    public static ProblemHttpResult Invalid(string field, string message, int status = StatusCodes.Status400BadRequest)
    {
        var errors = new FieldErrors();
        errors.Add(field, message);
        return Invalid(errors, status);
    }

    /// <summary>Anything else.</summary>
    public static ProblemHttpResult Of(int status, string detail) =>
        TypedResults.Problem(detail, statusCode: status, title: ReasonPhrases.GetReasonPhrase(status));

    /// <summary>Something that the farm needs is away; the client tries again.</summary>
    public static ProblemHttpResult Away(HttpContext context, string what)
    {
        context.Response.Headers.RetryAfter = "2";
        return Of(StatusCodes.Status503ServiceUnavailable, what);
    }

    /// <summary>No job of this id.</summary>
    public static ProblemHttpResult NoJob(Guid id) => Of(StatusCodes.Status404NotFound, $"There is no job {id}.");
}
