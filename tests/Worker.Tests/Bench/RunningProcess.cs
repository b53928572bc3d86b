using System.Runtime.InteropServices;

namespace RenderFarm.Worker.Tests.Bench;

/// <summary>What tests do to a process that they know by its number.</summary>
internal static partial class RunningProcess
{
    public const int Kill = 9;
    public const int Stop = 19;

    public static void Signal(int process, int signal)
    {
        if (Send(process, signal) != 0)
        {
            throw new InvalidOperationException($"Process {process} could not be signalled: {Marshal.GetLastPInvokeErrorMessage()}.");
        }
    }

    /// <summary>Whether it is there; one that has ended and was not asked for its exit code yet is not.</summary>
    public static bool IsAlive(int process)
    {
        try
        {
            var stat = File.ReadAllText($"/proc/{process}/stat");
            return stat[(stat.LastIndexOf(')') + 2)] is not ('Z' or 'X');
        }
        catch (IOException)
        {
            return false;
        }
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int Send(int process, int signal);
}
