using System.Globalization;
using System.Text.RegularExpressions;

namespace RenderFarm.ServiceDefaults.Failpoints;

/// <summary>What happens at a failpoint.</summary>
public enum FailpointAction
{
    /// <summary>The process ends as by SIGKILL.</summary>
    Kill,

    /// <summary>The thread stands still for ever.</summary>
    Hang,

    /// <summary>An exception.</summary>
    Throw,

    /// <summary>An exception that says that memory is out.</summary>
    Oom,

    /// <summary>A segmentation fault in native code.</summary>
    Segv,

    /// <summary>The process aborts.</summary>
    Abort,

    /// <summary>The process ends with exit code 0, without a word.</summary>
    Exit,
}

/// <summary>
/// Failpoints of a process, read from <c>name:action</c>, joined by commas. <c>name=text:action</c> meets only what contains the text;
/// <c>name:action@3</c> only the third time.
/// </summary>
public sealed partial class FailpointPlan
{
    private readonly List<Armed> _armed = [];

    private FailpointPlan()
    {
    }

    /// <summary>Reads a plan; says what is wrong with it.</summary>
    public static FailpointPlan Parse(string text)
    {
        var plan = new FailpointPlan();
        foreach (var item in text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            var match = Item().Match(item);
            if (!match.Success || !Enum.TryParse<FailpointAction>(match.Groups["action"].Value, ignoreCase: true, out var action))
            {
                throw new FormatException(
                    $"FARM_FAILPOINT has '{item}'; expected name:action, name=text:action or name:action@N, with an action of {string.Join(", ", Enum.GetNames<FailpointAction>()).ToLowerInvariant()}.");
            }

            var at = match.Groups["at"] is { Success: true } number ? int.Parse(number.Value, CultureInfo.InvariantCulture) : (int?)null;
            plan._armed.Add(new Armed(match.Groups["name"].Value, match.Groups["text"] is { Success: true } only ? only.Value : null, action, at));
        }

        return plan;
    }

    /// <summary>What happens now at a place; null for nothing.</summary>
    public FailpointAction? Reached(string name, string? what)
    {
        foreach (var armed in _armed)
        {
            if (armed.Name == name && (armed.Text is null || what?.Contains(armed.Text, StringComparison.Ordinal) == true) && armed.IsDue())
            {
                return armed.Action;
            }
        }

        return null;
    }

    [GeneratedRegex("^(?<name>[a-z0-9_.]+)(=(?<text>[^:]+))?:(?<action>[a-z]+)(@(?<at>[1-9][0-9]{0,8}))?$", RegexOptions.CultureInvariant)]
    private static partial Regex Item();

    private sealed class Armed(string name, string? text, FailpointAction action, int? at)
    {
        private int _times;

        public string Name => name;

        public string? Text => text;

        public FailpointAction Action => action;

        public bool IsDue() => at is null || Interlocked.Increment(ref _times) == at;
    }
}
