using System.Runtime.InteropServices;

namespace RenderFarm.Diffusion.Runtime;

/// <summary>The heap of the C library, from which the runtime takes its memory.</summary>
internal static partial class NativeHeap
{
    private static bool _isOther = !OperatingSystem.IsLinux();

    /// <summary>Gives what the heap keeps of freed blocks back to the system: after a network is loaded, a part of its weights' size. Of glibc; other libraries keep little.</summary>
    public static void Trim()
    {
        if (_isOther)
        {
            return;
        }

        try
        {
            _ = MallocTrim(0);
        }
        catch (Exception exception) when (exception is EntryPointNotFoundException or DllNotFoundException)
        {
            _isOther = true;
        }
    }

    // malloc_trim(3)
    [LibraryImport("libc", EntryPoint = "malloc_trim")]
    private static partial int MallocTrim(nuint keptAtTop);
}
