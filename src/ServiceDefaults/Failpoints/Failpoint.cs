using System.Runtime.InteropServices;

namespace RenderFarm.ServiceDefaults.Failpoints;

/// <summary>
/// Named places where a process can be told to die, hang or throw, so that a test meets the moment that matters. What is told stands in the
/// variable FARM_FAILPOINT, as <see cref="FailpointPlan"/> reads it; without it a place costs one comparison.
/// </summary>
public static partial class Failpoint
{
    private const string Variable = "FARM_FAILPOINT";
    private const int SigKill = 9;
    private static readonly FailpointPlan? Plan = Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } text ? FailpointPlan.Parse(text) : null;

    /// <summary>Whether any is set: what a place would have to compute for <c>what</c> is then worth it.</summary>
    public static bool IsArmed => Plan is not null;

    /// <summary>A place of this name; does nothing unless the variable names it.</summary>
    /// <param name="name">Name of the place.</param>
    /// <param name="what">What passes through it, for example a prompt, so that only some of it meets the fault.</param>
    public static void Reach(string name, string? what = null)
    {
        if (Plan?.Reached(name, what) is { } action)
        {
            Do(action, name);
        }
    }

    private static void Do(FailpointAction action, string name)
    {
        // The log of a process that dies here must not need its last buffered lines.
        Console.Error.WriteLine($"{Variable}: {name} does {action}");
        Console.Error.Flush();
        switch (action)
        {
            case FailpointAction.Kill:
                _ = Signal(Environment.ProcessId, SigKill);
                StandStill();
                break;
            case FailpointAction.Hang:
                StandStill();
                break;
            case FailpointAction.Throw:
                throw new FailpointException(name);
            case FailpointAction.Oom:
                throw new InsufficientMemoryException($"The failpoint {name} was told to run out of memory.");
            case FailpointAction.Segv:
                // A null pointer in native code, as a broken driver has it: the runtime cannot make an exception of it.
                _ = LengthOf(8);
                break;
            case FailpointAction.Abort:
                Abort();
                break;
            case FailpointAction.Exit:
                EndNow(0);
                break;
            default:
                throw new InvalidOperationException($"Unknown action {action}.");
        }
    }

    private static void StandStill()
    {
        using var never = new ManualResetEvent(false);
        never.WaitOne();
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Signal(int process, int signal);

    [LibraryImport("libc", EntryPoint = "strlen")]
    private static partial nint LengthOf(nint text);

    [LibraryImport("libc", EntryPoint = "abort")]
    private static partial void Abort();

    [LibraryImport("libc", EntryPoint = "_exit")]
    private static partial void EndNow(int code);
}

/// <summary>A failpoint was told to throw.</summary>
public sealed class FailpointException(string name) : Exception($"The failpoint {name} was told to throw.");
