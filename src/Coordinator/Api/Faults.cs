using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http.HttpResults;
using RenderFarm.Coordinator.Database;
using RenderFarm.ServiceDefaults.Artifacts;

namespace RenderFarm.Coordinator.Api;

/// <summary>Turns exceptions of requests into problem answers: what was sent wrongly is told, what is away is tried again, the rest is only logged.</summary>
internal sealed partial class Faults(ILogger<Faults> logger) : IExceptionHandler
{
    public async ValueTask<bool> TryHandleAsync(HttpContext httpContext, Exception exception, CancellationToken cancellationToken)
    {
        if (httpContext.RequestAborted.IsCancellationRequested)
        {
            return true;
        }

        await Answer(httpContext, exception).ExecuteAsync(httpContext);
        return true;
    }

    private ProblemHttpResult Answer(HttpContext context, Exception fault)
    {
        switch (fault)
        {
            case BadHttpRequestException { StatusCode: StatusCodes.Status413PayloadTooLarge }:
                return Problems.Of(StatusCodes.Status413PayloadTooLarge, $"The body is larger than {RequestBody.MaxBytes / 1024 / 1024} MiB; split the job.");
            case BadHttpRequestException bad when Binding().Match(bad.Message) is { Success: true } binding:
                return Problems.Invalid(binding.Groups["name"].Value, $"Must be {Kind(binding.Groups["type"].Value)}; got '{binding.Groups["given"].Value}'.");
            case BadHttpRequestException bad:
                return Problems.Of(bad.StatusCode, bad.Message);
            case ArtifactStoreException { Fault: ArtifactFault.Missing }:
                return Problems.Of(StatusCodes.Status404NotFound, "The object of this image is gone from the store.");
            case ArtifactStoreException store:
                LogAway("artifact store", store.Message);
                return Problems.Away(context, "The artifact store is away; try again in a moment.");
            case var full when DatabaseFaults.IsFull(full):
                LogFull(fault.GetBaseException().Message);
                return Problems.Away(context, "The database has no room for this; try again when its disk has some.");
            case var away when DatabaseFaults.IsAway(away):
                LogAway("database", fault.GetBaseException().Message);
                return Problems.Away(context, "The database is away; try again in a moment.");
            default:
                LogFault(context.Request.Method, context.Request.Path, fault);
                return Problems.Of(StatusCodes.Status500InternalServerError, $"The farm failed at this request; its log tells more under {context.TraceIdentifier}.");
        }
    }

    private static string Kind(string type) => type switch
    {
        _ when type.Contains("int", StringComparison.OrdinalIgnoreCase) || type.Contains("long", StringComparison.OrdinalIgnoreCase) => "a whole number",
        _ when type.Contains("bool", StringComparison.OrdinalIgnoreCase) => "true or false",
        _ => "of another form",
    };

    [GeneratedRegex("^Failed to bind parameter \"(?<type>.+) (?<name>\\w+)\" from \"(?<given>.*)\"\\.$", RegexOptions.Singleline)]
    private static partial Regex Binding();

    [LoggerMessage(Level = LogLevel.Warning, Message = "A request was answered with 503 because the {What} is away: {Reason}")]
    private partial void LogAway(string what, string reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "A request was answered with 503 because the database has no room: {Reason}")]
    private partial void LogFull(string reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "{Method} {Path} failed")]
    private partial void LogFault(string method, string path, Exception fault);
}
