using System.Runtime.InteropServices;

namespace RenderFarm.Benchmarks.Checkpoints;

/// <summary>Memory that a virtual machine gave back to its host costs several times as much when it is used again: no matter of the program that happens to use it.</summary>
internal static unsafe class FreshMemory
{
    private static readonly nuint PageBytes = (nuint)Environment.SystemPageSize;

    /// <summary>Uses so many bytes once, and frees them.</summary>
    public static void Touch(long bytes)
    {
        var memory = (byte*)NativeMemory.Alloc((nuint)bytes);
        for (nuint at = 0; at < (nuint)bytes; at += PageBytes)
        {
            memory[at] = 1;
        }

        NativeMemory.Free(memory);
    }
}
