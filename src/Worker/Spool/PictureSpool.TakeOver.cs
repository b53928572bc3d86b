using Microsoft.Extensions.Logging;

namespace RenderFarm.Worker.Spool;

/// <content>What ended processes left.</content>
internal sealed partial class PictureSpool
{
    private readonly HashSet<string> _refused = [];

    /// <summary>Takes over what ended processes left below the same root; the answer is their pictures.</summary>
    public IReadOnlyList<SpooledPicture> TakeOver()
    {
        HashSet<string> known;
        lock (_lock)
        {
            known = [Folder, .. _taken.Select(taken => taken.Path)];
        }

        var pictures = new List<SpooledPicture>();
        foreach (var path in SpoolFolder.Below(Directory.GetParent(Folder)!.FullName).Where(path => !known.Contains(path)))
        {
            pictures.AddRange(TakeOver(path));
        }

        return pictures;
    }

    /// <summary>What another user left, or lies on a bad disk, keeps this worker from nothing.</summary>
    private IReadOnlyList<SpooledPicture> TakeOver(string path)
    {
        SpoolFolder? folder = null;
        try
        {
            folder = SpoolFolder.TryTake(path);
            return folder is null ? [] : TakeOver(folder);
        }
        catch (Exception ex) when (ex is IOException or UnauthorizedAccessException)
        {
            folder?.Dispose();
            if (_refused.Add(path))
            {
                LogNotTakenOver(path, ex.Message);
            }

            return [];
        }
    }

    private IReadOnlyList<SpooledPicture> TakeOver(SpoolFolder folder)
    {
        var content = folder.Read();
        foreach (var file in content.Damaged)
        {
            LogDamaged(file);
        }

        if (content.Pictures.Count == 0)
        {
            folder.Dispose();
            return [];
        }

        LogTakenOver(content.Pictures.Count, folder.Path);
        lock (_lock)
        {
            _taken.Add(folder);
            foreach (var picture in content.Pictures)
            {
                _places[picture.Lease.AttemptId] = _places.GetValueOrDefault(picture.Lease.AttemptId) + 1;
                Count(picture, 1);
            }
        }

        return content.Pictures;
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Took over {Pictures} pictures that an ended process left in {Folder}")]
    private partial void LogTakenOver(int pictures, string folder);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Folder} may hold pictures of an ended process and cannot be used: {Reason}")]
    private partial void LogNotTakenOver(string folder, string reason);
}
