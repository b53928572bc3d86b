using System.Runtime.InteropServices;

namespace RenderFarm.Diffusion.Models.Reading;

/// <summary>What changes with a file's bytes, or when another file takes its place; the inode where the system tells it, which is on Linux.</summary>
internal readonly partial record struct FileState(long Bytes, DateTime Modified, ulong? Inode)
{
    // As many as Linux follows.
    private const int MostLinks = 40;

    /// <summary>The file itself, where the path is a link to it: a link has a size and a time of its own.</summary>
    /// <exception cref="IOException">The links lead nowhere.</exception>
    public static string Original(string path)
    {
        var file = Path.GetFullPath(path);
        for (var links = 0; new FileInfo(file).LinkTarget is { } target; links++)
        {
            file = links < MostLinks
                ? Path.GetFullPath(target, Place(Path.GetDirectoryName(file)!))
                : throw new IOException($"{path} is a link to itself, or one of more than {MostLinks} in a row.");
        }

        return file;
    }

    /// <summary>The folder itself: what a link in a linked folder names starts there, which the system's libraries overlook.</summary>
    private static string Place(string folder)
    {
        if (Path.GetDirectoryName(folder) is not { } above)
        {
            return folder;
        }

        var place = Place(above);
        var here = Path.Combine(place, Path.GetFileName(folder));
        return new DirectoryInfo(here).LinkTarget is { } target ? Place(Path.GetFullPath(target, place)) : here;
    }

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
