using System.Security.Cryptography;
using RenderFarm.ServiceDefaults.ModelStore;

namespace RenderFarm.Worker.ModelCache;

/// <summary>The files of a model while they arrive: ranges in any order, hashed as soon as all before them are there.</summary>
internal sealed class FilesInParts : IDisposable
{
    private const int BufferBytes = 1 << 20;
    private readonly IReadOnlyList<StoredFile> _files;
    private readonly IReadOnlyList<FileRange> _ranges;
    private readonly Dictionary<FileRange, TaskCompletionSource> _arrivals;
    private readonly ILookup<int, FileRange> _ofFile;
    private readonly string _folder;
    private readonly RangeJournal _journal;

    /// <summary>Opens the folder in which a model arrives, with what an earlier process left there.</summary>
    public FilesInParts(string folder, IReadOnlyList<StoredFile> files)
    {
        (_folder, _files, _ranges) = (folder, files, FileRange.Of(files));
        _ofFile = _ranges.ToLookup(range => range.File);
        Directory.CreateDirectory(folder);
        _journal = RangeJournal.Open(folder);
        _arrivals = _ranges.ToDictionary(range => range, _ => new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        Found = [.. _ranges.Where(_journal.Has)];
        foreach (var range in Found)
        {
            _arrivals[range].SetResult();
        }
    }

    /// <summary>Ranges that an earlier process left.</summary>
    public IReadOnlyList<FileRange> Found { get; }

    /// <summary>Ranges that are still to be fetched.</summary>
    public IReadOnlyList<FileRange> Missing => [.. _ranges.Except(Found)];

    public string PathOf(FileRange range) => PathOf(_files[range.File]);

    /// <summary>Makes the files in their size, which takes no room yet.</summary>
    public void Make()
    {
        foreach (var file in _files)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(PathOf(file))!);
            using var place = new FileStream(PathOf(file), FileMode.OpenOrCreate, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0);
            place.SetLength(file.Bytes);
        }
    }

    /// <summary>A range is in its place.</summary>
    public void Add(FileRange range)
    {
        _journal.Add(range);
        _arrivals[range].SetResult();
    }

    /// <summary>Hashes the files while they arrive; the answer is the first one that is not what it should be, or null.</summary>
    public async Task<StoredFile?> FirstWrongAsync(CancellationToken cancellationToken)
    {
        for (var index = 0; index < _files.Count; index++)
        {
            if (await HashAsync(index, cancellationToken) != _files[index].Sha256)
            {
                return _files[index];
            }
        }

        return null;
    }

    /// <summary>Has the disk keep the files, and removes the journal: all of them are right.</summary>
    public void Finish()
    {
        _journal.Dispose();
        RangeJournal.Delete(_folder);
        foreach (var file in _files)
        {
            Flush(PathOf(file));
        }
    }

    /// <summary>Has the disk keep a file.</summary>
    public static void Flush(string path)
    {
        using var place = File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite, FileShare.Read);
        RandomAccess.FlushToDisk(place);
    }

    public void Dispose() => _journal.Dispose();

    private string PathOf(StoredFile file) => Path.Combine(_folder, file.Path.Replace('/', Path.DirectorySeparatorChar));

    private async Task<string> HashAsync(int index, CancellationToken cancellationToken)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        using var place = File.OpenHandle(PathOf(_files[index]), FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        var buffer = new byte[BufferBytes];
        foreach (var range in _ofFile[index])
        {
            await _arrivals[range].Task.WaitAsync(cancellationToken);
            for (var done = 0; done < range.Bytes;)
            {
                var read = await RandomAccess.ReadAsync(place, buffer.AsMemory(0, Math.Min(buffer.Length, range.Bytes - done)), range.Offset + done, cancellationToken);
                hash.AppendData(buffer, 0, read);
                done += read > 0 ? read : throw new IOException($"The file {PathOf(_files[index])} was cut short while it was fetched.");
            }
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
