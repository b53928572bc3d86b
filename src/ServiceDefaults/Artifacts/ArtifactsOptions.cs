using System.ComponentModel.DataAnnotations;

namespace RenderFarm.ServiceDefaults.Artifacts;

/// <summary>Section <c>Artifacts</c>: where finished images are stored.</summary>
public sealed class ArtifactsOptions : IValidatableObject
{
    /// <summary>A folder for one machine, S3 for several.</summary>
    public ArtifactStoreKind Store { get; set; } = ArtifactStoreKind.Folder;

    /// <summary>The folder, when <see cref="Store"/> is Folder; made if missing.</summary>
    public string Folder { get; set; } = Path.Combine("data", "artifacts");

    /// <summary>The bucket, when <see cref="Store"/> is S3.</summary>
    public S3Options S3 { get; set; } = new();

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext) => Store switch
    {
        ArtifactStoreKind.Folder => string.IsNullOrWhiteSpace(Folder)
            ? [new ValidationResult("Artifacts:Folder (RENDERFARM__Artifacts__Folder) must name a folder when Artifacts:Store is Folder.", [nameof(Folder)])]
            : [],
        ArtifactStoreKind.S3 => S3.Problems().Select(problem => new ValidationResult(problem, [nameof(S3)])),
        _ => [new ValidationResult($"Artifacts:Store is '{Store}'; allowed: {string.Join(", ", Enum.GetNames<ArtifactStoreKind>())}.", [nameof(Store)])],
    };
}

/// <summary>Kinds of stores.</summary>
public enum ArtifactStoreKind
{
    /// <summary>Files below one folder.</summary>
    Folder,

    /// <summary>A bucket of an S3 server.</summary>
    S3,
}

/// <summary>Section <c>Artifacts:S3</c>.</summary>
public sealed class S3Options
{
    /// <summary><c>host:port</c> of the server, without a scheme.</summary>
    public string Endpoint { get; set; } = "";

    /// <summary>Access key id.</summary>
    public string AccessKey { get; set; } = "";

    /// <summary>Secret of the access key.</summary>
    public string SecretKey { get; set; } = "";

    /// <summary>Bucket for the images.</summary>
    public string Bucket { get; set; } = "renderfarm";

    /// <summary>Makes the bucket if it is missing.</summary>
    public bool CreateBucket { get; set; } = true;

    /// <summary>Region that requests are signed for.</summary>
    public string Region { get; set; } = "us-east-1";

    /// <summary>Whether the server is spoken to over TLS.</summary>
    public bool UseTls { get; set; } = true;

    /// <summary>Address under which users reach the server, for download links, such as <c>https://images.example.com</c>; null takes <see cref="Endpoint"/>.</summary>
    public Uri? PublicEndpoint { get; set; }

    /// <summary>How long one request may take before it counts as failed.</summary>
    public TimeSpan RequestTimeout { get; set; } = TimeSpan.FromSeconds(30);

    internal IEnumerable<string> Problems()
    {
        if (string.IsNullOrWhiteSpace(Endpoint) || Endpoint.Contains('/', StringComparison.Ordinal) || !Uri.TryCreate($"http://{Endpoint}", UriKind.Absolute, out _))
        {
            yield return $"Artifacts:S3:Endpoint (RENDERFARM__Artifacts__S3__Endpoint) is '{Endpoint}'; expected host:port without a scheme or path, such as s3.example.com:9000.";
        }

        foreach (var (name, value) in new[] { (nameof(AccessKey), AccessKey), (nameof(SecretKey), SecretKey), (nameof(Bucket), Bucket), (nameof(Region), Region) })
        {
            if (string.IsNullOrWhiteSpace(value))
            {
                yield return $"Artifacts:S3:{name} (RENDERFARM__Artifacts__S3__{name}) must be set when Artifacts:Store is S3.";
            }
        }

        if (PublicEndpoint is { } address && (!address.IsAbsoluteUri || address.Scheme is not ("http" or "https") || address.AbsolutePath != "/"))
        {
            yield return $"Artifacts:S3:PublicEndpoint (RENDERFARM__Artifacts__S3__PublicEndpoint) is '{address}'; expected an address such as https://images.example.com.";
        }

        if (RequestTimeout < TimeSpan.FromSeconds(1) || RequestTimeout > TimeSpan.FromMinutes(10))
        {
            yield return $"Artifacts:S3:RequestTimeout (RENDERFARM__Artifacts__S3__RequestTimeout) is {RequestTimeout}; allowed: 00:00:01 to 00:10:00.";
        }
    }
}
