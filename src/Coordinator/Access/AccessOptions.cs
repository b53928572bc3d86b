using System.ComponentModel.DataAnnotations;

namespace RenderFarm.Coordinator.Access;

/// <summary>Section <c>Access</c>: who may use the API and the dashboard.</summary>
public sealed class AccessOptions : IValidatableObject
{
    /// <summary>Characters that a key has at least.</summary>
    public const int MinKeyLength = 32;

    /// <summary>The key that clients send. <c>renderfarm key</c> prints a new one.</summary>
    public string Key { get; set; } = "";

    /// <summary>Refuses requests that address the server by anything but a loopback name, as the embedded farm does: no web page can then reach it by a name of its own.</summary>
    public bool LoopbackOnly { get; set; }

    /// <summary>How long a browser stays signed in.</summary>
    public TimeSpan SessionLifetime { get; set; } = TimeSpan.FromDays(30);

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Key.Length < MinKeyLength)
        {
            yield return new ValidationResult(
                $"Access:Key (RENDERFARM__Access__Key) must have at least {MinKeyLength} characters; it has {Key.Length}. 'renderfarm key' prints a new one.", [nameof(Key)]);
        }
        else if (ApiKey.IsDamaged(Key))
        {
            yield return new ValidationResult("Access:Key (RENDERFARM__Access__Key) starts like a generated key but is cut or mistyped.", [nameof(Key)]);
        }

        if (SessionLifetime <= TimeSpan.Zero)
        {
            yield return new ValidationResult("Access:SessionLifetime (RENDERFARM__Access__SessionLifetime) must be positive.", [nameof(SessionLifetime)]);
        }
    }
}
