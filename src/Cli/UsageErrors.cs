using System.CommandLine;
using System.Text.RegularExpressions;

namespace RenderFarm.Cli;

/// <summary>What is wrong with a command line, in words of this program.</summary>
internal static partial class UsageErrors
{
    public static IReadOnlyList<string> Of(ParseResult line, IReadOnlyList<string> arguments)
    {
        // The parser takes a misspelt option for an argument, for example for the prompt, or for a setting where a command takes those.
        var unknown = Unknown(line, arguments);
        return unknown.Count > 0 ? unknown : [.. line.Errors.Select(error => Type().Replace(error.Message, match => Kind(match.Groups[1].Value)))];
    }

    private static List<string> Unknown(ParseResult line, IReadOnlyList<string> arguments)
    {
        var takesSettings = !line.CommandResult.Command.TreatUnmatchedTokensAsErrors;
        var known = new HashSet<string>();
        for (var result = line.CommandResult; result is not null; result = result.Parent as System.CommandLine.Parsing.CommandResult)
        {
            foreach (var option in result.Command.Options)
            {
                known.Add(option.Name);
                known.UnionWith(option.Aliases);
            }
        }

        return [.. arguments.TakeWhile(argument => argument != "--")
            .Where(argument => argument.StartsWith("--", StringComparison.Ordinal) && !(takesSettings && argument.Split('=')[0].Contains(':', StringComparison.Ordinal)))
            .Select(argument => argument.Split('=', ':')[0])
            .Where(name => !known.Contains(name))
            .Select(name => $"Unknown option '{name}'. What starts with -- and is no option goes after a lone --.")];
    }

    private static string Kind(string type) => type switch
    {
        "System.Guid" => ": it must be an id such as 0193a5d2-7c00-7000-8000-000000000001.",
        _ when type.Contains("Int", StringComparison.Ordinal) => ": it must be a whole number.",
        _ when type.Contains("Double", StringComparison.Ordinal) => ": it must be a number.",
        _ when type.Contains("JobState", StringComparison.Ordinal) => ": it must be queued, running, paused, completed, failed or cancelled.",
        _ => ".",
    };

    [GeneratedRegex(" as expected type '(.+?)'.*$", RegexOptions.Singleline)]
    private static partial Regex Type();
}
