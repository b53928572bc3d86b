using System.Runtime.InteropServices;

namespace RenderFarm.Diffusion.Models.Reading;

/// <summary>What changes with a file's bytes, or when another file takes its place; the inode where the system tells it, which is on Linux.</summary>
internal readonly partial record struct FileState(long Bytes, DateTime Modified, ulong? Inode)
{
    /// <summary>The file itself, where the path is a link to it: a link has a size and a time of its own.</summary>
    public static string Original(string path) => File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName ?? Path.GetFullPath(path);

    /// <summary>The state of a file, not of a link to it.</summary>
    public static FileState Of(string file)
    {
        var info = new FileInfo(file);
        return new FileState(info.Length, info.LastWriteTimeUtc, OperatingSystem.IsLinux() ? InodeOf(file) : null);
    }

    private static ulong? InodeOf(string file)
    {
        try
        {
            return Statx(CurrentFolder, file, flags: 0, WantInode, out var status) == 0 && (status.Mask & WantInode) != 0 ? status.Inode : null;
        }
        catch (EntryPointNotFoundException)
        {
            // C libraries older than the call.
            return null;
        }
    }

    // linux/stat.h, linux/fcntl.h: the same on every processor.
    private const int CurrentFolder = -100;
    private const uint WantInode = 0x100;
    private const int StatusBytes = 256;
    private const int InodeOffset = 32;

    [LibraryImport("libc", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Statx(int folder, string path, int flags, uint mask, out Status status);

    [StructLayout(LayoutKind.Explicit, Size = StatusBytes)]
    private struct Status
    {
        [FieldOffset(0)]
        public uint Mask;

        [FieldOffset(InodeOffset)]
        public ulong Inode;
    }
}
