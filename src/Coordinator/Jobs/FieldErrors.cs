namespace RenderFarm.Coordinator.Jobs;

/// <summary>What is wrong with a request, by field path such as <c>settings.steps</c> or <c>prompts[17]</c>, in the order found.</summary>
public sealed class FieldErrors
{
    /// <summary>Fields reported in full; a hundred thousand bad prompts must not answer with a hundred thousand messages.</summary>
    public const int MaxFields = 20;

    private readonly Dictionary<string, List<string>> _messages = [];
    private int _unreported;

    /// <summary>Whether nothing is wrong.</summary>
    public bool IsEmpty => _messages.Count == 0;

    /// <summary>Whether further fields would only be counted.</summary>
    public bool IsFull => _messages.Count >= MaxFields;

    /// <summary>Adds a message to a field.</summary>
    public void Add(string field, string message)
    {
        if (_messages.TryGetValue(field, out var messages))
        {
            messages.Add(message);
        }
        else if (IsFull)
        {
            _unreported++;
        }
        else
        {
            _messages[field] = [message];
        }
    }

    /// <summary>Whether the field, or a field inside it, was reported.</summary>
    public bool Has(string field) =>
        _messages.Keys.Any(key => key == field || (key.StartsWith(field, StringComparison.Ordinal) && key[field.Length] is '.' or '['));

    /// <summary>The <c>errors</c> member of a validation problem.</summary>
    public Dictionary<string, string[]> ToDictionary()
    {
        var errors = _messages.ToDictionary(entry => entry.Key, entry => entry.Value.ToArray());
        if (_unreported > 0)
        {
            errors["..."] = [$"{_unreported} more fields are wrong; the first {MaxFields} are listed."];
        }

        return errors;
    }
}
