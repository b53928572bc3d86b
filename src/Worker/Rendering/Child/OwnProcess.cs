using System.Globalization;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace RenderFarm.Worker.Rendering.Child;

/// <summary>What a render process arranges for itself with the operating system.</summary>
internal static partial class OwnProcess
{
    private const int StandardOutput = 1;
    private const int StandardError = 2;
    private const int SetParentDeathSignal = 1;
    private const int Kill = 9;

    // From 0 to 1000; the supervisor stays at its own, which is 0 unless somebody set it.
    private const int KilledFirst = 500;

    /// <summary>Standard output for messages alone: whatever else writes there, native libraries among them, comes out at standard error from now on.</summary>
    public static Stream TakeOutput()
    {
        if (OperatingSystem.IsWindows())
        {
            var output = Console.OpenStandardOutput();
            Console.SetOut(Console.Error);
            return output;
        }

        var own = Duplicate(StandardOutput);
        if (own < 0 || DuplicateTo(StandardError, StandardOutput) < 0)
        {
            throw new IOException($"Standard output could not be taken: {Marshal.GetLastPInvokeErrorMessage()}.");
        }

        return new FileStream(new SafeFileHandle(own, ownsHandle: true), FileAccess.Write, bufferSize: 0);
    }

    /// <summary>Has the kernel end this process with its supervisor. Elsewhere than on Linux the end of standard input does it.</summary>
    public static void EndWithParent()
    {
        if (OperatingSystem.IsLinux())
        {
            _ = ProcessControl(SetParentDeathSignal, Kill, 0, 0, 0);
        }
    }

    /// <summary>When the host runs out of memory, the kernel kills this process and not the supervisor.</summary>
    public static void GoFirstWhenMemoryRunsOut()
    {
        try
        {
            File.WriteAllText("/proc/self/oom_score_adj", KilledFirst.ToString(CultureInfo.InvariantCulture));
        }
        catch (Exception ex) when (ex is IOException or UnauthorizedAccessException)
        {
            // Not Linux, or not allowed: then the kernel chooses by size, and this process is the larger one anyway.
        }
    }

    [LibraryImport("libc", EntryPoint = "dup", SetLastError = true)]
    private static partial int Duplicate(int descriptor);

    [LibraryImport("libc", EntryPoint = "dup2", SetLastError = true)]
    private static partial int DuplicateTo(int from, int to);

    [LibraryImport("libc", EntryPoint = "prctl")]
    private static partial int ProcessControl(int option, nuint argument2, nuint argument3, nuint argument4, nuint argument5);
}
