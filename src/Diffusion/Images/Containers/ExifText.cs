using System.Buffers.Binary;
using System.Text;

namespace RenderFarm.Diffusion.Images.Containers;

/// <summary>
/// Texts by keyword in an EXIF block: "parameters" as the user comment, which is where stable-diffusion-webui has it, all others
/// as the maker's note, by "RenderFarm", then keyword and value by turns, each ended by a zero byte.
/// </summary>
internal static class ExifText
{
    public const string UserCommentKeyword = "parameters";

    private const ushort UndefinedType = 7;
    private const ushort LongType = 4;
    private const int HeaderLength = 8;
    private const int EntryLength = 12;

    // Between the number of entries and the place of the next directory.
    private const int DirectoryFrame = 2 + 4;

    // CIPA DC-008, 4.6.5: eight bytes say how a user comment is encoded.
    private static ReadOnlySpan<byte> Unicode => "UNICODE\0"u8;

    private static ReadOnlySpan<byte> Ascii => "ASCII\0\0\0"u8;

    private static ReadOnlySpan<byte> Maker => "RenderFarm\0"u8;

    /// <summary>The block, big-endian, as TIFF 6.0 lays out directories.</summary>
    public static byte[] Block(IReadOnlyDictionary<string, string> text)
    {
        var others = text.Where(entry => entry.Key != UserCommentKeyword).ToList();
        List<(ushort Tag, byte[] Value)> entries = [];
        if (others.Count > 0)
        {
            entries.Add((ExifTags.MakerNote, [.. Maker, .. others.SelectMany(entry => Encoding.UTF8.GetBytes($"{Terminated(entry.Key)}{Terminated(entry.Value)}"))]));
        }

        if (text.TryGetValue(UserCommentKeyword, out var comment))
        {
            entries.Add((ExifTags.UserComment, [.. Unicode, .. Encoding.BigEndianUnicode.GetBytes(comment)]));
        }

        const int Inner = HeaderLength + DirectoryFrame + EntryLength;
        var values = Inner + DirectoryFrame + (entries.Count * EntryLength);
        var block = new byte[values + entries.Sum(entry => entry.Value.Length)];
        "MM\0*\0\0\0\u0008"u8.CopyTo(block);
        block[HeaderLength + 1] = 1;
        Entry(block.AsSpan(HeaderLength + 2), ExifTags.ExifDirectory, LongType, 1, Inner);
        block[Inner + 1] = (byte)entries.Count;
        foreach (var (index, (tag, value)) in entries.Index())
        {
            Entry(block.AsSpan(Inner + 2 + (index * EntryLength)), tag, UndefinedType, value.Length, values);
            value.CopyTo(block.AsSpan(values));
            values += value.Length;
        }

        return block;
    }

    /// <summary>The texts of a block by keyword; a comment of another program too.</summary>
    public static IEnumerable<KeyValuePair<string, string>> Read(ReadOnlyMemory<byte> block)
    {
        var tags = ExifTags.Read(block);
        if (tags.TryGetValue(ExifTags.UserComment, out var comment) && Comment(comment.Bytes.Span) is { } parameters)
        {
            yield return new(UserCommentKeyword, parameters);
        }

        if (tags.TryGetValue(ExifTags.MakerNote, out var note) && note.Bytes.Span.StartsWith(Maker))
        {
            var parts = Encoding.UTF8.GetString(note.Bytes.Span[Maker.Length..]).Split('\0');
            for (var i = 0; i + 1 < parts.Length; i += 2)
            {
                yield return new(parts[i], parts[i + 1]);
            }
        }
    }

    private static string? Comment(ReadOnlySpan<byte> value)
    {
        if (value.StartsWith(Ascii))
        {
            return Encoding.Latin1.GetString(value[Ascii.Length..]).TrimEnd('\0');
        }

        if (!value.StartsWith(Unicode))
        {
            return null;
        }

        // Programs disagree on the order of the bytes, whatever the block's own is; the letters of settings tell, because most are Latin.
        var text = value[Unicode.Length..];
        var (highFirst, highLast) = (0, 0);
        for (var i = 0; i + 1 < text.Length; i += 2)
        {
            highFirst += text[i] == 0 ? 1 : 0;
            highLast += text[i + 1] == 0 ? 1 : 0;
        }

        return (highLast > highFirst ? Encoding.Unicode : Encoding.BigEndianUnicode).GetString(text).TrimStart('\ufeff').TrimEnd('\0');
    }

    private static void Entry(Span<byte> to, ushort tag, ushort type, int count, int place)
    {
        BinaryPrimitives.WriteUInt16BigEndian(to, tag);
        BinaryPrimitives.WriteUInt16BigEndian(to[2..], type);
        BinaryPrimitives.WriteInt32BigEndian(to[4..], count);
        BinaryPrimitives.WriteInt32BigEndian(to[8..], place);
    }

    private static string Terminated(string text) => text.Replace("\0", "", StringComparison.Ordinal) + '\0';
}
