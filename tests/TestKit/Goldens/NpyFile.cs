using System.Runtime.InteropServices;
using System.Text;
using System.Text.RegularExpressions;

namespace RenderFarm.TestKit.Goldens;

/// <summary>A float32 array as numpy saves it.</summary>
public sealed partial record NpyFile(int[] Shape, float[] Values)
{
    public static NpyFile Read(string path)
    {
        var bytes = File.ReadAllBytes(path);
        var wide = bytes[6] > 1;
        var headerLength = wide ? BitConverter.ToInt32(bytes, 8) : BitConverter.ToUInt16(bytes, 8);
        var start = (wide ? 12 : 10) + headerLength;
        var header = Encoding.ASCII.GetString(bytes, start - headerLength, headerLength);
        if (!header.Contains("'<f4'", StringComparison.Ordinal) || !header.Contains("'fortran_order': False", StringComparison.Ordinal))
        {
            throw new InvalidDataException($"{path}: only row-major float32 is read, the header is {header}.");
        }

        int[] shape = [.. Shapes().Match(header).Groups[1].Value.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(size => int.Parse(size, System.Globalization.CultureInfo.InvariantCulture))];
        return new NpyFile(shape, MemoryMarshal.Cast<byte, float>(bytes.AsSpan(start)).ToArray());
    }

    [GeneratedRegex(@"'shape': \(([^)]*)\)")]
    private static partial Regex Shapes();
}
