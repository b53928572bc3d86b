using System.Globalization;
using RenderFarm.Diffusion.Models.Reading;

namespace RenderFarm.Diffusion.Onnx;

/// <summary>Where a tensor's data lies: a plain file name in the model's own folder, and a part of that file.</summary>
internal sealed record ExternalData(string File, long Offset, long Length)
{
    public const string LocationKey = "location";
    public const string OffsetKey = "offset";
    public const string LengthKey = "length";

    private const string ChecksumKey = "checksum";

    private static readonly char[] NotInNames = ['/', '\\', ':', '\0'];

    /// <summary>Whether a tensor may name this file.</summary>
    public static bool IsPlainName(string file) => file is not ("" or "." or "..") && file.IndexOfAny(NotInNames) < 0;

    /// <summary>Where the tensor says that its data lies, null where it holds it itself. Throws <see cref="InvalidDataException"/> where that is not allowed.</summary>
    public static ExternalData? Of(TensorProto tensor, string folder)
    {
        if (tensor.DataLocation != TensorProto.Types.DataLocation.External && tensor.ExternalData.Count == 0)
        {
            return null;
        }

        var entries = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var entry in tensor.ExternalData)
        {
            if (entry.Key is not (LocationKey or OffsetKey or LengthKey or ChecksumKey) || !entries.TryAdd(entry.Key, entry.Value))
            {
                throw Refused(tensor, $"gives '{entry.Key}' for its data; allowed are {LocationKey}, {OffsetKey}, {LengthKey} and {ChecksumKey}, each once");
            }
        }

        var file = entries.GetValueOrDefault(LocationKey, "");
        if (!IsPlainName(file))
        {
            throw Refused(tensor, $"has its data in '{file}'; allowed is the plain name of a file beside the model");
        }

        var path = Path.Combine(folder, file);
        var available = System.IO.File.Exists(path) ? FileState.Of(FileState.Original(path)).Bytes : throw Refused(tensor, $"has its data in '{file}', which is missing");
        var offset = Number(OffsetKey, 0);
        var length = Number(LengthKey, WeightElements.BytesOf(tensor) ?? available - offset);
        if (offset > available || length > available - offset)
        {
            throw Refused(tensor, $"has its data in '{file}' from {offset} for {length} bytes, but the file has {available}");
        }

        return WeightElements.BytesOf(tensor) is { } size && size != length
            ? throw Refused(tensor, $"of {tensor.Dims} has {length} bytes in '{file}' instead of {size}")
            : new ExternalData(file, offset, length);

        long Number(string key, long otherwise) => !entries.TryGetValue(key, out var text)
            ? otherwise
            : long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value)
                ? value
                : throw Refused(tensor, $"gives '{text}' as {key} of its data");
    }

    private static InvalidDataException Refused(TensorProto tensor, string problem) => new($"the tensor '{tensor.Name}' {problem}");
}
