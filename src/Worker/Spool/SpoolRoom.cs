using Microsoft.Extensions.Options;
using RenderFarm.ServiceDefaults.Disk;
using RenderFarm.Worker.Leases;

namespace RenderFarm.Worker.Spool;

/// <summary>Watches the room for pictures: a full spool or a full disk closes the worker, and room opens it again.</summary>
internal sealed class SpoolRoom(PictureSpool spool, HeldLeases leases, IOptions<WorkerOptions> options, DiskSpace disk) : IWorkerLoop
{
    private const int ProbeBytes = 1 << 20;
    private const long BytesPerMiB = 1 << 20;
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(1);
    private volatile string? _failed;

    /// <summary>Writes to the spool. What the disk refuses is noted, and then thrown no further.</summary>
    public bool Guard(Action write)
    {
        try
        {
            write();
            return true;
        }
        catch (Exception ex) when (ex is IOException or UnauthorizedAccessException)
        {
            Failed(ex.Message);
            return false;
        }
    }

    /// <summary>Something could not be written to the spool.</summary>
    public void Failed(string reason)
    {
        _failed = reason;
        RunOnce();
    }

    /// <summary>Compares what there is with what there may be.</summary>
    public void RunOnce()
    {
        CheckSpool();
        var problem = DiskProblem();
        Turn(Closing.DiskFull, problem is not null, () => problem ?? "");
    }

    /// <summary>Compares what the spool holds with what it may hold.</summary>
    public void CheckSpool()
    {
        var most = options.Value.SpoolMiB * BytesPerMiB;
        Turn(Closing.SpoolFull, IsFull(spool.Bytes, most, leases.IsClosed(Closing.SpoolFull)), () => $"The spool is full: {spool.Bytes >> 20} of {options.Value.SpoolMiB} MiB (Worker:SpoolMiB) wait to be stored and committed.");
    }

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(Every, disk.Time);
        do
        {
            await Task.Run(RunOnce, cancellationToken);
        }
        while (await timer.WaitForNextTickAsync(cancellationToken));
    }

    // Opens again only after a good part has gone, so that it does not close with the next picture.
    internal static bool IsFull(long bytes, long most, bool wasFull) => bytes >= (wasFull ? most / 4 * 3 : most);

    internal static bool IsShort(long free, long least, bool wasShort) => free < (wasShort ? least + least / 4 : least);

    private string? DiskProblem()
    {
        long free;
        try
        {
            free = disk.FreeBytes(spool.Folder);
        }
        catch (Exception ex) when (ex is IOException or UnauthorizedAccessException)
        {
            return $"Worker:Spool cannot be used: {ex.Message}";
        }

        if (IsShort(free, options.Value.SpoolFreeMiB * BytesPerMiB, leases.IsClosed(Closing.DiskFull)))
        {
            return $"The disk of Worker:Spool has {free >> 20} MiB left; Worker:SpoolFreeMiB is {options.Value.SpoolFreeMiB}.";
        }

        if (_failed is { } failed)
        {
            // A quota refuses while the disk has room: only a try tells.
            try
            {
                DurableFile.Write(Path.Combine(spool.Folder, "probe"), new byte[ProbeBytes]);
                File.Delete(Path.Combine(spool.Folder, "probe"));
                _failed = null;
            }
            catch (Exception ex) when (ex is IOException or UnauthorizedAccessException)
            {
                return $"Worker:Spool cannot be written to: {failed} {(ex.Message == failed ? "" : ex.Message)}".TrimEnd();
            }
        }

        return null;
    }

    private void Turn(Closing why, bool isClosed, Func<string> reason)
    {
        if (isClosed && !leases.IsClosed(why))
        {
            leases.Close(why, reason());
        }
        else if (!isClosed && leases.IsClosed(why))
        {
            leases.Open(why);
        }
    }
}

/// <summary>How much room the disk of a folder has.</summary>
internal sealed record DiskSpace(Func<string, long> FreeBytes, TimeProvider Time)
{
    public static DiskSpace OfThisMachine(TimeProvider time) => new(folder => new DriveInfo(folder).AvailableFreeSpace, time);
}
