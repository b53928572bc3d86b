using System.Buffers;

namespace RenderFarm.ServiceDefaults.Artifacts;

/// <summary>Which object keys the stores take: relative paths of plain segments, so that no key leaves the folder or means another object on S3.</summary>
internal static class ArtifactKey
{
    private const int MaxLength = 512;
    private static readonly SearchValues<char> Allowed = SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.");

    public static void Validate(string key)
    {
        if (key.Length is 0 or > MaxLength || !key.Split('/').All(IsSegment))
        {
            throw new ArgumentException(
                $"'{key}' is not an artifact key: expected segments of letters, digits, '-', '_' and '.', not starting with '.', joined by '/', {MaxLength} characters at most.", nameof(key));
        }
    }

    /// <summary>A prefix is a key of which the last segment may be cut short or empty.</summary>
    public static void ValidatePrefix(string prefix)
    {
        if (prefix.Length > 0)
        {
            Validate(prefix.EndsWith('/') ? prefix[..^1] : prefix);
        }
    }

    /// <summary>Whether a text can be one segment of a key.</summary>
    public static bool IsSegment(string segment) => segment.Length > 0 && segment[0] != '.' && !segment.AsSpan().ContainsAnyExcept(Allowed);
}
