using System.Globalization;
using System.Text;

namespace RenderFarm.Worker.ModelCache;

/// <summary>Which ranges of a model's files lie on the disk, a line for each, so that a fetch goes on where an ended process was. A line that was cut short counts as none.</summary>
internal sealed class RangeJournal : IDisposable
{
    private const string Name = ".ranges";
    private readonly Lock _lock = new();
    private readonly FileStream _file;
    private readonly HashSet<(int File, int Number)> _done;

    private RangeJournal(FileStream file, HashSet<(int File, int Number)> done) => (_file, _done) = (file, done);

    /// <summary>Opens the journal of a folder, made if missing.</summary>
    public static RangeJournal Open(string folder)
    {
        var path = Path.Combine(folder, Name);
        var text = File.Exists(path) ? File.ReadAllText(path) : "";
        var whole = text[..(text.LastIndexOf('\n') + 1)];
        var done = RangesOf(whole);
        var file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.Write, FileShare.Read, bufferSize: 0);
        file.SetLength(Encoding.UTF8.GetByteCount(whole));
        file.Seek(0, SeekOrigin.End);
        return new RangeJournal(file, done);
    }

    /// <summary>How much of a model lies in a folder, at most; null where no journal says it. Changes nothing there.</summary>
    public static long? BytesOf(string folder)
    {
        var path = Path.Combine(folder, Name);
        if (!File.Exists(path))
        {
            return null;
        }

        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        using var text = new StreamReader(file);
        return RangesOf(text.ReadToEnd()).Count * (long)FileRange.Size;
    }

    /// <summary>Removes the journal of a folder in which all is done.</summary>
    public static void Delete(string folder) => File.Delete(Path.Combine(folder, Name));

    public bool Has(FileRange range)
    {
        lock (_lock)
        {
            return _done.Contains((range.File, range.Number));
        }
    }

    /// <summary>A range lies on the disk.</summary>
    public void Add(FileRange range)
    {
        lock (_lock)
        {
            _file.Write(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{range.File} {range.Number}\n")));
            _done.Add((range.File, range.Number));
        }
    }

    public void Dispose() => _file.Dispose();

    private static HashSet<(int File, int Number)> RangesOf(string lines) =>
        lines.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(Read).OfType<(int, int)>().ToHashSet();

    private static (int, int)? Read(string line) =>
        line.Split(' ') is [var file, var number] && int.TryParse(file, CultureInfo.InvariantCulture, out var index) && int.TryParse(number, CultureInfo.InvariantCulture, out var range) ? (index, range) : null;
}
