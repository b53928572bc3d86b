using System.Collections.Concurrent;
using System.Text.Json;
using RenderFarm.ServiceDefaults.Disk;
using RenderFarm.Shared;

namespace RenderFarm.Worker.Spool;

/// <summary>
/// One process's part of the spool: pictures, and beside them the marks of their leases. Who holds its lock owns it; the system frees the lock
/// of a process that ended, however it ended.
/// </summary>
internal sealed class SpoolFolder : IDisposable
{
    private const string LockName = "lock";
    private const string MarkSuffix = ".lease.json";
    private const string DamagedName = "damaged";
    private readonly FileStream _lock;
    private readonly ConcurrentDictionary<Guid, Task> _marks = new();

    private SpoolFolder(string path, FileStream held) => (Path, _lock) = (path, held);

    public string Path { get; }

    /// <summary>Makes a folder below the root and takes it.</summary>
    public static SpoolFolder Create(string root, string name)
    {
        var path = Directory.CreateDirectory(System.IO.Path.Combine(root, name)).FullName;
        var folder = TryTake(path) ?? throw new IOException($"The spool folder '{path}' is held by another process.");
        DurableFile.SyncFolder(root);
        return folder;
    }

    /// <summary>Takes a folder that nobody holds; null when a process does, or it is gone.</summary>
    public static SpoolFolder? TryTake(string path)
    {
        try
        {
            return new SpoolFolder(path, new FileStream(System.IO.Path.Combine(path, LockName), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
        }
        catch (IOException)
        {
            return null;
        }
    }

    /// <summary>The folders below the root that are processes' parts.</summary>
    public static IEnumerable<string> Below(string root) =>
        Directory.EnumerateDirectories(root).Where(folder => System.IO.Path.GetFileName(folder) != DamagedName);

    /// <summary>Where a renderer leaves the picture of a frame.</summary>
    public string PlaceOf(Guid attempt, long index, string format) => System.IO.Path.Combine(Path, $"{attempt:N}.{index}.{format}");

    /// <summary>Has the lease's mark written while its first picture is rendered; <see cref="Keep"/> waits for it.</summary>
    public void WriteMark(LeaseMark lease)
    {
        var content = JsonSerializer.SerializeToUtf8Bytes(lease, FarmJson.Options);
        _marks[lease.AttemptId] = Task.Run(() => DurableFile.Write(MarkOf(lease.AttemptId), content));
    }

    public void RemoveMark(Guid attempt)
    {
        if (_marks.TryRemove(attempt, out var writing))
        {
            Settle(writing);
        }

        File.Delete(MarkOf(attempt));
    }

    /// <summary>Gives a finished picture the name that tells everything of it. The disk keeps it once the folder is synced. Throws when it did not take the lease's mark.</summary>
    public SpooledPicture Keep(LeaseMark lease, long index, PictureFacts facts)
    {
        _marks.GetValueOrDefault(lease.AttemptId)?.GetAwaiter().GetResult();
        var picture = new SpooledPicture(lease, index, facts, Path);
        File.Move(PlaceOf(lease.AttemptId, index, lease.Format), picture.File, overwrite: true);
        return picture;
    }

    /// <summary>Reads what another process left: its pictures. What was not finished is deleted, what is damaged is put aside and named.</summary>
    public SpoolContent Read()
    {
        var (pictures, damaged) = (new List<SpooledPicture>(), new List<string>());
        var marks = ReadMarks(damaged);
        foreach (var file in Directory.EnumerateFiles(Path).Where(file => System.IO.Path.GetFileName(file) != LockName && !file.EndsWith(MarkSuffix, StringComparison.Ordinal)).ToList())
        {
            if (SpooledPicture.AttemptOf(file) is not { } attempt)
            {
                File.Delete(file);
            }
            else if (marks.TryGetValue(attempt, out var lease) && SpooledPicture.Parse(lease, file) is { } picture && new FileInfo(file).Length == picture.Facts.Bytes)
            {
                pictures.Add(picture);
            }
            else
            {
                damaged.Add(PutAside(file));
            }
        }

        foreach (var idle in marks.Keys.Except(pictures.Select(picture => picture.Lease.AttemptId)))
        {
            RemoveMark(idle);
        }

        return new SpoolContent(pictures, damaged);
    }

    /// <summary>Moves a file out of the way, for people to look at; the answer is where it lies now. Only the latest are kept.</summary>
    public string PutAside(string file)
    {
        var folder = Directory.CreateDirectory(System.IO.Path.Combine(System.IO.Path.GetDirectoryName(Path)!, DamagedName));
        foreach (var old in folder.EnumerateFiles().OrderByDescending(old => old.LastWriteTimeUtc).Skip(DamagedKept - 1))
        {
            old.Delete();
        }

        var aside = System.IO.Path.Combine(folder.FullName, System.IO.Path.GetFileName(file));
        File.Move(file, aside, overwrite: true);
        return aside;
    }

    /// <summary>Lets go of the folder, and removes it when nothing lies in it any more.</summary>
    public void Dispose()
    {
        foreach (var writing in _marks.Values)
        {
            Settle(writing);
        }

        try
        {
            if (Directory.EnumerateFiles(Path).All(file => System.IO.Path.GetFileName(file) == LockName))
            {
                // Removed while the lock is held, so that nobody takes it in between.
                Directory.Delete(Path, recursive: true);
            }
        }
        catch (Exception ex) when (ex is IOException or UnauthorizedAccessException)
        {
            // It is gone, or its disk refuses: an empty folder harms nobody.
        }

        _lock.Dispose();
    }

    // Enough to see what is wrong with a disk.
    private const int DamagedKept = 32;

    // A mark that the disk refused is not there, which is all that matters where it is not wanted.
    private static void Settle(Task writing) => Task.WhenAny(writing).GetAwaiter().GetResult();

    private string MarkOf(Guid attempt) => System.IO.Path.Combine(Path, $"{attempt:N}{MarkSuffix}");

    private Dictionary<Guid, LeaseMark> ReadMarks(List<string> damaged)
    {
        var marks = new Dictionary<Guid, LeaseMark>();
        foreach (var file in Directory.EnumerateFiles(Path, "*" + MarkSuffix).ToList())
        {
            if (ReadMark(file) is { } mark && MarkOf(mark.AttemptId) == file)
            {
                marks.Add(mark.AttemptId, mark);
            }
            else
            {
                damaged.Add(PutAside(file));
            }
        }

        return marks;
    }

    private static LeaseMark? ReadMark(string file)
    {
        try
        {
            return JsonSerializer.Deserialize<LeaseMark>(File.ReadAllBytes(file), FarmJson.Options) is { Tenant: not null, Format: not null } mark ? mark : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}

/// <summary>What a process left.</summary>
/// <param name="Pictures">Finished pictures whose commit it had not seen.</param>
/// <param name="Damaged">Files that were put aside.</param>
internal sealed record SpoolContent(IReadOnlyList<SpooledPicture> Pictures, IReadOnlyList<string> Damaged);
