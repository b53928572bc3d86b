using Microsoft.Extensions.Options;

namespace RenderFarm.Cli;

/// <summary>What to tell of an error in a line: the farm's own errors name the thing and the fix already.</summary>
internal static class Faults
{
    public static string Explain(Exception fault) => fault switch
    {
        OptionsValidationException wrong => string.Join(Environment.NewLine, wrong.Failures.Select(Plain)),
        AggregateException several => string.Join(Environment.NewLine, several.InnerExceptions.Select(Explain)),
        UnauthorizedAccessException denied => $"{denied.Message.TrimEnd('.')}: give this user the permission, or choose another place.",
        _ => fault.Message,
    };

    /// <summary>Without the prefix that the validation of data annotations puts before each message.</summary>
    private static string Plain(string failure)
    {
        const string Marker = "with the error: '";
        var start = failure.IndexOf(Marker, StringComparison.Ordinal);
        return start < 0 ? failure : failure[(start + Marker.Length)..^"'.".Length];
    }
}
