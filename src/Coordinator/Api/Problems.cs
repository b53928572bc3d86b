using RenderFarm.Coordinator.Jobs;
using Microsoft.AspNetCore.WebUtilities;

namespace RenderFarm.Coordinator.Api;

/// <summary>Answers of kind <c>application/problem+json</c> (RFC 9457, https://www.rfc-editor.org/rfc/rfc9457).</summary>
internal static class Problems
{
    /// <summary>Some fields of the request are wrong.</summary>
    public static IResult Invalid(FieldErrors errors, int status = StatusCodes.Status400BadRequest) => TypedResults.Problem(
        new HttpValidationProblemDetails(errors.ToDictionary())
        {
            Status = status,
            Title = ReasonPhrases.GetReasonPhrase(status),
            Detail = "The request has fields that cannot be used; see 'errors'.",
        });

    /// <summary>One field of the request is wrong.</summary>
    public static IResult Invalid(string field, string message, int status = StatusCodes.Status400BadRequest)
    {
        var errors = new FieldErrors();
        errors.Add(field, message);
        return Invalid(errors, status);
    }

    /// <summary>Anything else.</summary>
    public static IResult Of(int status, string detail) =>
        TypedResults.Problem(detail, statusCode: status, title: ReasonPhrases.GetReasonPhrase(status));

    /// <summary>No job of this id.</summary>
    public static IResult NoJob(Guid id) => Of(StatusCodes.Status404NotFound, $"There is no job {id}.");
}
