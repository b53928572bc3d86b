using System.Globalization;
using System.Runtime.InteropServices;

namespace RenderFarm.TestKit.Faults;

/// <summary>Processes by their ids: signals to them, and their children.</summary>
public static partial class RunningProcess
{
    /// <summary>Sends a signal; false when the process is gone.</summary>
    public static bool Signal(int process, ProcessSignal signal)
    {
        const int noSuchProcess = 3;
        if (Kill(process, (int)signal) == 0)
        {
            return true;
        }

        return Marshal.GetLastPInvokeError() == noSuchProcess
            ? false
            : throw new InvalidOperationException($"Process {process} could not be signalled: {Marshal.GetLastPInvokeErrorMessage()}");
    }

    /// <summary>Processes that this one has started and that still run, the oldest first.</summary>
    public static IReadOnlyList<int> ChildrenOf(int process) =>
        [.. All().Where(x => x.Parent == process && x.State != 'Z').OrderBy(x => x.StartedAt).ThenBy(x => x.Id).Select(x => x.Id)];

    /// <summary>Whether it runs; one that has ended and is not waited for does not.</summary>
    public static bool IsRunning(int process) => Read(process) is { State: not ('Z' or 'X') };

    /// <summary>Whether it is stopped by <see cref="ProcessSignal.Stop"/>.</summary>
    public static bool IsStopped(int process) => Read(process) is { State: 'T' };

    /// <summary>Memory that it has in RAM now, of its own and shared.</summary>
    public static long ResidentBytes(int process)
    {
        var line = File.ReadLines($"/proc/{process}/status").First(x => x.StartsWith("VmRSS:", StringComparison.Ordinal));
        return long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) * 1024;
    }

    private static IEnumerable<ProcessStatus> All() => Directory.EnumerateDirectories("/proc")
        .Select(folder => int.TryParse(Path.GetFileName(folder), CultureInfo.InvariantCulture, out var id) ? Read(id) : null)
        .OfType<ProcessStatus>();

    private static ProcessStatus? Read(int process)
    {
        string stat;
        try
        {
            stat = File.ReadAllText($"/proc/{process}/stat");
        }
        catch (Exception ex) when (ex is IOException or UnauthorizedAccessException)
        {
            return null;
        }

        // The name comes first in brackets and may hold blanks and brackets itself.
        var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        return new ProcessStatus(
            process, fields[0][0], int.Parse(fields[1], CultureInfo.InvariantCulture), long.Parse(fields[19], CultureInfo.InvariantCulture));
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int Kill(int process, int signal);

    private sealed record ProcessStatus(int Id, char State, int Parent, long StartedAt);
}

/// <summary>Signals of Linux, by their numbers.</summary>
public enum ProcessSignal
{
    /// <summary>It ends at once and learns nothing of it.</summary>
    Kill = 9,

    /// <summary>It is asked to end.</summary>
    Terminate = 15,

    /// <summary>It goes on.</summary>
    Continue = 18,

    /// <summary>It stands still where it is, its connections open.</summary>
    Stop = 19,
}
