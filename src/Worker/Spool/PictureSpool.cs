using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using RenderFarm.ServiceDefaults.Disk;
using RenderFarm.Shared.Protocol;
using RenderFarm.Worker.Leases;

namespace RenderFarm.Worker.Spool;

/// <summary>
/// The finished pictures that are not committed yet, on a disk that outlives the process. A picture is in from its last rename until its commit
/// is answered. Pictures of processes that ended are taken over.
/// </summary>
internal sealed partial class PictureSpool : IDisposable
{
    private readonly Lock _lock = new();
    private readonly string _root;
    private readonly string _name;
    private readonly List<SpoolFolder> _taken = [];
    private readonly Dictionary<Guid, int> _places = [];
    private readonly RecentAttempts _unwanted = new();
    private readonly ILogger<PictureSpool> _logger;
    private SpoolFolder? _own;
    private TaskCompletionSource _empty = Signal(isSet: true);
    private long _bytes;
    private int _pictures;

    public PictureSpool(IOptions<WorkerOptions> options, WorkerIdentity me, ILogger<PictureSpool> logger)
    {
        _root = Path.GetFullPath(options.Value.Spool);
        _name = $"{me.Name}.{me.Epoch}";
        _logger = logger;
    }

    /// <summary>Size of all pictures.</summary>
    public long Bytes => Interlocked.Read(ref _bytes);

    public bool IsEmpty => Volatile.Read(ref _pictures) == 0;

    /// <summary>The folder that this process writes to.</summary>
    public string Folder => Own.Path;

    private SpoolFolder Own => _own ?? throw new InvalidOperationException("The spool was not opened.");

    /// <summary>Makes this process's folder. Throws <see cref="SpoolException"/> when it cannot.</summary>
    public void Open()
    {
        try
        {
            _own ??= SpoolFolder.Create(_root, _name);
        }
        catch (Exception ex) when (ex is IOException or UnauthorizedAccessException)
        {
            throw new SpoolException(_root, ex);
        }
    }

    /// <summary>Ends when no picture is left.</summary>
    public Task EmptyAsync()
    {
        lock (_lock)
        {
            return _empty.Task;
        }
    }

    /// <summary>Where a renderer leaves the picture of a frame. Each place is either filled or released.</summary>
    public string Place(LeaseOffered offer, long index)
    {
        lock (_lock)
        {
            var places = _places.GetValueOrDefault(offer.AttemptId);
            if (places == 0)
            {
                Own.WriteMark(LeaseMark.Of(offer));
            }

            _places[offer.AttemptId] = places + 1;
        }

        return Own.PlaceOf(offer.AttemptId, index, offer.Output.Format);
    }

    /// <summary>The picture of a place is finished. The disk keeps it for good after <see cref="Sync"/>.</summary>
    public SpooledPicture Fill(LeaseOffered offer, long index, PictureFacts facts)
    {
        var picture = Own.Keep(LeaseMark.Of(offer), index, facts);
        lock (_lock)
        {
            Count(picture, 1);
        }

        return picture;
    }

    /// <summary>A place gets no picture.</summary>
    public void Release(LeaseOffered offer, long index)
    {
        Delete(Own.PlaceOf(offer.AttemptId, index, offer.Output.Format));
        Vacate(Own, offer.AttemptId);
    }

    /// <summary>Has the disk keep the pictures that were filled in so far.</summary>
    public void Sync() => DurableFile.SyncFolder(Own.Path);

    /// <summary>The bytes of a picture; null when they are not those that were rendered, and the file was put aside.</summary>
    public byte[]? Read(SpooledPicture picture)
    {
        var bytes = File.Exists(picture.File) ? File.ReadAllBytes(picture.File) : null;
        if (bytes is not null && Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(bytes)) == picture.Facts.Sha256)
        {
            return bytes;
        }

        if (bytes is not null)
        {
            LogDamaged(Own.PutAside(picture.File));
        }

        Remove(picture);
        return null;
    }

    /// <summary>The picture's commit is answered, or nobody wants it: it leaves.</summary>
    public void Remove(SpooledPicture picture)
    {
        Delete(picture.File);
        SpoolFolder folder;
        lock (_lock)
        {
            folder = _taken.Find(taken => taken.Path == picture.Folder) ?? Own;
            Count(picture, -1);
        }

        Vacate(folder, picture.Lease.AttemptId);
    }

    /// <summary>Nobody wants pictures of this attempt any more: its job was cancelled or paused.</summary>
    public void Unwant(Guid attempt)
    {
        lock (_lock)
        {
            _unwanted.Add(attempt);
        }
    }

    public bool IsWanted(Guid attempt)
    {
        lock (_lock)
        {
            return !_unwanted.Contains(attempt);
        }
    }

    public void Dispose()
    {
        _taken.ForEach(folder => folder.Dispose());
        _own?.Dispose();
    }

    // Under the lock.
    private void Count(SpooledPicture picture, int by)
    {
        Interlocked.Add(ref _bytes, by * picture.Facts.Bytes);
        if (Interlocked.Add(ref _pictures, by) == 0)
        {
            _empty.TrySetResult();
        }
        else if (_empty.Task.IsCompleted)
        {
            _empty = Signal(isSet: false);
        }
    }

    private void Vacate(SpoolFolder folder, Guid attempt)
    {
        lock (_lock)
        {
            if (--_places[attempt] > 0)
            {
                return;
            }

            _places.Remove(attempt);
            Try(() => folder.RemoveMark(attempt));
            if (_taken.Contains(folder) && _pictures == 0)
            {
                _taken.ForEach(taken => taken.Dispose());
                _taken.Clear();
            }
        }
    }

    private void Delete(string file) => Try(() => File.Delete(file));

    // Whoever is done with a picture goes on: what a bad disk does not let go of, the next process reports again.
    private void Try(Action remove)
    {
        try
        {
            remove();
        }
        catch (Exception ex) when (ex is IOException or UnauthorizedAccessException)
        {
            LogNotRemoved(ex.Message);
        }
    }

    private static TaskCompletionSource Signal(bool isSet)
    {
        var signal = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        if (isSet)
        {
            signal.SetResult();
        }

        return signal;
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "A file could not be removed from the spool: {Reason}")]
    private partial void LogNotRemoved(string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "A file of the spool is damaged and lies in {File} now; its frame is rendered again")]
    private partial void LogDamaged(string file);
}
