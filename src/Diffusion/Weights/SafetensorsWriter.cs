using System.Buffers.Binary;
using System.IO.Hashing;
using System.Text.Json;

namespace RenderFarm.Diffusion.Weights;

/// <summary>Writes .safetensors files one tensor at a time, with a checksum of the data among the notes, so that damage is seen when one is read.</summary>
internal static class SafetensorsWriter
{
    private const string Checksum = "xxh128";
    private const int ChecksumDigits = 32;

    // The data begins where the processor likes to read.
    private const int Alignment = 64;

    /// <summary>Writes a file that is on the disk when this returns.</summary>
    /// <param name="path">The file, which must not exist.</param>
    /// <param name="tensors">What it holds; places and sizes follow from the order, elements and shapes.</param>
    /// <param name="bytes">Gives a tensor's bytes, in order.</param>
    public static void Write(string path, IReadOnlyList<(string Name, TensorElement Element, IReadOnlyList<long> Shape)> tensors, Func<int, byte[]> bytes)
    {
        using var file = new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 0);
        file.Write(Header(tensors, new string('0', ChecksumDigits)));
        var hash = new XxHash128();
        for (var i = 0; i < tensors.Count; i++)
        {
            var data = bytes(i);
            hash.Append(data);
            file.Write(data);
        }

        file.Position = 0;
        file.Write(Header(tensors, Convert.ToHexStringLower(hash.GetCurrentHash())));
        file.Flush(flushToDisk: true);
    }

    /// <summary>Whether the data of a file is what was written.</summary>
    public static bool IsAsWritten(string path, SafetensorsHeader header)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read);
        file.Position = header.DataOffset;
        var hash = new XxHash128();
        hash.Append(file);
        return header.Texts.GetValueOrDefault(Checksum) == Convert.ToHexStringLower(hash.GetCurrentHash());
    }

    private static byte[] Header(IReadOnlyList<(string Name, TensorElement Element, IReadOnlyList<long> Shape)> tensors, string checksum)
    {
        using var buffer = new MemoryStream();
        buffer.Write(stackalloc byte[sizeof(ulong)]);
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteStartObject(SafetensorsJson.Metadata);
            json.WriteString(Checksum, checksum);
            json.WriteEndObject();
            var end = 0L;
            foreach (var (name, element, shape) in tensors)
            {
                json.WriteStartObject(name);
                json.WriteString("dtype", TensorElements.NameOf(element));
                WriteNumbers(json, "shape", shape);
                var start = end;
                end += shape.Aggregate((long)element.Bytes(), (count, size) => checked(count * size));
                WriteNumbers(json, "data_offsets", [start, end]);
                json.WriteEndObject();
            }

            json.WriteEndObject();
        }

        // The format allows spaces behind the object.
        while (buffer.Length % Alignment != 0)
        {
            buffer.WriteByte((byte)' ');
        }

        var bytes = buffer.ToArray();
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, (ulong)(bytes.Length - sizeof(ulong)));
        return bytes;
    }

    private static void WriteNumbers(Utf8JsonWriter json, string name, IReadOnlyList<long> numbers)
    {
        json.WriteStartArray(name);
        foreach (var number in numbers)
        {
            json.WriteNumberValue(number);
        }

        json.WriteEndArray();
    }
}
