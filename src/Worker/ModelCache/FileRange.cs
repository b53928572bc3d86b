using RenderFarm.ServiceDefaults.ModelStore;

namespace RenderFarm.Worker.ModelCache;

/// <summary>A part of a model's file that is fetched with one request.</summary>
/// <param name="File">Which of the model's files.</param>
/// <param name="Number">Which of the file's ranges.</param>
/// <param name="Offset">Where it begins.</param>
/// <param name="Bytes">How long it is.</param>
internal readonly record struct FileRange(int File, int Number, long Offset, int Bytes)
{
    /// <summary>Large enough that requests cost nothing beside the bytes, small enough that little is fetched again.</summary>
    public const int Size = 16 << 20;

    /// <summary>All ranges of a model's files, in order.</summary>
    public static IReadOnlyList<FileRange> Of(IReadOnlyList<StoredFile> files) =>
        [.. files.SelectMany((file, index) => Enumerable.Range(0, CountOf(file)).Select(number => Of(file, index, number)))];

    private static int CountOf(StoredFile file) => (int)((file.Bytes + Size - 1) / Size);

    private static FileRange Of(StoredFile file, int index, int number)
    {
        var offset = (long)number * Size;
        return new FileRange(index, number, offset, (int)Math.Min(Size, file.Bytes - offset));
    }
}
