using System.Net;
using Minio.Exceptions;

namespace RenderFarm.ServiceDefaults.Artifacts;

/// <summary>What an S3 failure means: whether to try again, and what to tell the person who set it up.</summary>
internal static class S3Errors
{
    private static readonly string[] WrongKeys = ["InvalidAccessKeyId", "SignatureDoesNotMatch", "AccessDenied", "InvalidSecurity", "AccountProblem"];

    public static ArtifactStoreException From(Exception error, string what, S3Options options)
    {
        var code = (error as MinioException)?.Response?.Code ?? (error as ErrorResponseException)?.Response?.Code ?? "";
        return error switch
        {
            ObjectNotFoundException => Missing(what, options, error),
            BucketNotFoundException => NoBucket(what, options, error),
            AuthorizationException or AccessDeniedException or ForbiddenException => Denied(what, options, error),
            InvalidBucketNameException or InvalidEndpointException => new ArtifactStoreException(ArtifactFault.Misconfigured, $"Cannot {what} on the S3 server {options.Endpoint}: {error.Message} Check Artifacts:S3:Endpoint and Artifacts:S3:Bucket.", error),
            _ when code == "NoSuchKey" => Missing(what, options, error),
            _ when code == "NoSuchBucket" => NoBucket(what, options, error),
            _ when WrongKeys.Contains(code) => Denied(what, options, error),
            OperationCanceledException => Away(what, options, $"no answer within {options.RequestTimeout}", error),
            _ => Away(what, options, error.Message, error),
        };
    }

    public static async Task<ArtifactStoreException> FromAsync(HttpResponseMessage response, string key, S3Options options, CancellationToken cancellationToken)
    {
        var what = $"read '{key}'";
        var body = await response.Content.ReadAsStringAsync(cancellationToken);
        return response.StatusCode switch
        {
            HttpStatusCode.NotFound when body.Contains("NoSuchBucket", StringComparison.Ordinal) => NoBucket(what, options, null),
            HttpStatusCode.NotFound or HttpStatusCode.RequestedRangeNotSatisfiable => Missing(what, options, null),
            HttpStatusCode.Forbidden or HttpStatusCode.Unauthorized when WrongKeys.Any(code => body.Contains(code, StringComparison.Ordinal)) => Denied(what, options, null),
            _ => Away(what, options, $"it answered {(int)response.StatusCode} {response.ReasonPhrase}", null),
        };
    }

    private static ArtifactStoreException Missing(string what, S3Options options, Exception? inner) =>
        new(ArtifactFault.Missing, $"Cannot {what}: the bucket '{options.Bucket}' on {options.Endpoint} has no such object.", inner);

    private static ArtifactStoreException NoBucket(string what, S3Options options, Exception? inner) =>
        new(ArtifactFault.Misconfigured, $"Cannot {what}: the S3 server {options.Endpoint} has no bucket '{options.Bucket}'. Make it or set Artifacts:S3:Bucket (RENDERFARM__Artifacts__S3__Bucket).", inner);

    private static ArtifactStoreException Denied(string what, S3Options options, Exception? inner) =>
        new(
            ArtifactFault.Misconfigured,
            $"Cannot {what}: the S3 server {options.Endpoint} refused access key '{options.AccessKey}' for the bucket '{options.Bucket}'. Check Artifacts:S3:AccessKey, Artifacts:S3:SecretKey and what the key may do.",
            inner);

    private static ArtifactStoreException Away(string what, S3Options options, string why, Exception? inner) =>
        new(ArtifactFault.Unavailable, $"Cannot {what} on the S3 server {options.Endpoint}, bucket '{options.Bucket}': {why}. Check Artifacts:S3:Endpoint (RENDERFARM__Artifacts__S3__Endpoint), Artifacts:S3:UseTls and that the server runs.", inner);
}
