using System.Net;

namespace RenderFarm.Client;

/// <summary>The farm refused a request or could not be reached; the message says why, field by field where it is about fields.</summary>
public sealed class RenderFarmException : Exception
{
    /// <summary>Made from a problem answer.</summary>
    public RenderFarmException(HttpStatusCode status, string detail, IReadOnlyDictionary<string, string[]> errors)
        : base(Compose(detail, errors))
    {
        Status = status;
        Detail = detail;
        Errors = errors;
    }

    /// <summary>Made when no answer came.</summary>
    public RenderFarmException(string detail, Exception? inner)
        : base(detail, inner)
    {
        Detail = detail;
        Errors = new Dictionary<string, string[]>();
    }

    /// <summary>Status of the answer; null when there was none.</summary>
    public HttpStatusCode? Status { get; }

    /// <summary>What is wrong, without the fields.</summary>
    public string Detail { get; }

    /// <summary>What is wrong with each field of the request.</summary>
    public IReadOnlyDictionary<string, string[]> Errors { get; }

    private static string Compose(string detail, IReadOnlyDictionary<string, string[]> errors) =>
        errors.Count == 0 ? detail : string.Join(Environment.NewLine, errors.SelectMany(entry => entry.Value.Select(message => $"{entry.Key}: {message}")));
}
