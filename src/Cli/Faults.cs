using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Options;

namespace RenderFarm.Cli;

/// <summary>What to tell of an error in a line: the farm's own errors name the thing and the fix already.</summary>
internal static class Faults
{
    public static string Explain(Exception fault) => fault switch
    {
        OptionsValidationException wrong => string.Join(Environment.NewLine, wrong.Failures.Select(Plain)),
        AggregateException { InnerExceptions: [var only] } => Explain(only),
        IOException { InnerException: AddressInUseException inUse } => $"{fault.Message.TrimEnd('.')}: choose another with --port, or stop the other program. ({inUse.Message})",
        UnauthorizedAccessException denied => $"{denied.Message.TrimEnd('.')}: give this user the permission, or choose another place.",
        _ => fault.Message,
    };

    /// <summary>Without the prefix that the validation of data annotations puts before each message.</summary>
    private static string Plain(string failure)
    {
        const string Marker = "with the error: '";
        var start = failure.IndexOf(Marker, StringComparison.Ordinal);
        return start < 0 ? failure : failure[(start + Marker.Length)..].TrimEnd('.', '\'');
    }
}
