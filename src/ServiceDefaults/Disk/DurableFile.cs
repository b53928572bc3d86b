using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace RenderFarm.ServiceDefaults.Disk;

/// <summary>Files that are there whole or not at all, also after a power cut.</summary>
public static partial class DurableFile
{
    private const string Unfinished = ".part";

    /// <summary>Writes the file under another name, has the disk keep it and gives it its name. The name is kept for good once the folder is synced too.</summary>
    public static void Write(string path, ReadOnlySpan<byte> content)
    {
        var aside = path + Unfinished;
        try
        {
            using (var file = new FileStream(aside, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0))
            {
                file.Write(content);
                file.Flush(flushToDisk: true);
            }

            File.Move(aside, path, overwrite: true);
        }
        catch
        {
            File.Delete(aside);
            throw;
        }
    }

    /// <summary>Removes what is left of a file whose writer died over it.</summary>
    public static void DeleteUnfinished(string path)
    {
        try
        {
            File.Delete(path + Unfinished);
        }
        catch (IOException)
        {
            // Its folder is gone, or its disk; so is the file.
        }
    }

    /// <summary>Has the disk keep the names of a folder's files.</summary>
    public static void SyncFolder(string folder)
    {
        // Windows keeps the names of files with the files.
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        using var handle = new SafeFileHandle(Open(folder, ReadOnly), ownsHandle: true);
        if (handle.IsInvalid || Sync((int)handle.DangerousGetHandle()) != 0)
        {
            throw new IOException($"The folder '{folder}' could not be synced: {Marshal.GetLastPInvokeErrorMessage()}.");
        }
    }

    private const int ReadOnly = 0;

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int Sync(int descriptor);
}
