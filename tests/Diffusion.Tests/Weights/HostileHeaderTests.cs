using System.Buffers.Binary;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using RenderFarm.Diffusion.Weights;
using RenderFarm.TestKit;

namespace RenderFarm.Diffusion.Tests.Weights;

public sealed class HostileHeaderTests : IDisposable
{
    private const int Headers = 1_000_000;
    private const int DataBytes = 4096;

    private static readonly string[] HostileWords =
    [
        "1152921504606846976", "9223372036854775807", "18446744073709551616", "-1", "1e300", "0.5", "null", "[]", "{}", "\"F32\"", "\"a\"", "4096", "4097",
        "[1152921504606846976,16]", "[4294967296,4294967296]", "[0,0,0,0,0,0,0,0,0]", "\\ud800", "\"\\ud800\"", "\"w0\"", "\"dtype\"", "\"__metadata__\"", ",", ":", "]", "}",
    ];

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_million_damaged_headers_are_refused_or_sound()
    {
        var seed = Environment.GetEnvironmentVariable("RENDERFARM_FUZZ_SEED") is { } given ? int.Parse(given, CultureInfo.InvariantCulture) : 20_261_101;
        TestContext.Current.SendDiagnosticMessage($"RENDERFARM_FUZZ_SEED={seed}");
        const int Parts = 8;
        var refused = new int[Parts];

        Parallel.For(0, Parts, part =>
        {
            var random = new Random(seed + part);
            for (var i = 0; i < Headers / Parts; i++)
            {
                var file = Damaged(random);
                try
                {
                    var header = SafetensorsHeader.Read("w", new MemoryStream(file), file.Length + DataBytes);
                    Assert.Equal(DataBytes + file.Length, header.Tensors.Values.Sum(tensor => tensor.ByteCount) + header.DataOffset);
                }
                catch (WeightFileException)
                {
                    refused[part]++;
                }
                catch (Exception exception)
                {
                    throw new InvalidOperationException($"header {i} of part {part} with RENDERFARM_FUZZ_SEED={seed}: {Encoding.UTF8.GetString(file)}", exception);
                }
            }
        });

        Assert.InRange(refused.Sum(), Headers / 2, Headers - 1);
    }

    [Theory]
    [MemberData(nameof(Costly))]
    public void A_header_that_would_cost_much_is_refused_in_a_second_and_64_megabytes(string what, string? tensor)
    {
        var path = Write(CostlyHeader(what));

        // The best of some, as the machine is busy with other tests.
        var times = Enumerable.Range(0, 10).Select(_ =>
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            var start = Stopwatch.GetTimestamp();
            var problem = Assert.Throws<WeightFileException>(() => SafetensorsHeader.Read(path));
            var time = Stopwatch.GetElapsedTime(start);
            Assert.Equal(tensor, problem.Tensor);
            Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 64 << 20);
            return time;
        });

        Assert.Contains(times, time => time <= TimeSpan.FromSeconds(1));
    }

    public static IEnumerable<TheoryDataRow<string, string?>> Costly() =>
    [
        new("a header of 100 MB", null),
        new("many tensors", "65536"),
        new("many dimensions", "w"),
        new("a long name", new string('n', 200)),
        new("deep nesting", "w"),
        new("many notes", "__metadata__"),
        new("a note of many escapes", "__metadata__"),
    ];

    private static string CostlyHeader(string what)
    {
        const int Room = SafetensorsHeader.MostHeaderBytes - 1024;
        return what switch
        {
            "a header of 100 MB" => $$"""{"w":{{new string(' ', 100_000_000)}}""",
            "many tensors" => $"{{{string.Join(',', Enumerable.Range(0, Room / 60).Select(i => $"\"{i}\":{{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]}}"))}}}",
            "many dimensions" => $$$"""{"w":{"dtype":"F32","shape":[{{{string.Join(',', Enumerable.Repeat("1", Room / 2))}}}],"data_offsets":[0,4]}}""",
            "a long name" => $$$"""{"{{{new string('n', Room)}}}":{"dtype":"F32","shape":[],"data_offsets":[0,4]}}""",
            "deep nesting" => $$"""{"w":{"dtype":{{new string('[', Room)}}""",
            "many notes" => $$$"""{"__metadata__":{{{{string.Join(',', Enumerable.Range(0, Room / 64).Select(i => $"\"{i:D20}\":\"{new string('x', 32)}\""))}}}}}""",
            "a note of many escapes" => $$$"""{"__metadata__":{"a":"{{{string.Concat(Enumerable.Repeat("\\u0041", Room / 6))}}}","a":"b"}}""",
            _ => throw new ArgumentException(what),
        };
    }

    /// <summary>A sound header of a few tensors with one to three things wrong with it, or none.</summary>
    private static byte[] Damaged(Random random)
    {
        var json = new StringBuilder("{");
        var tensors = random.Next(1, 5);
        for (var i = 0; i < tensors; i++)
        {
            var (from, to) = (DataBytes * i / tensors / 4 * 4, i == tensors - 1 ? DataBytes : DataBytes * (i + 1) / tensors / 4 * 4);
            json.Append(CultureInfo.InvariantCulture, $"\"w{i}\":{{\"dtype\":\"F32\",\"shape\":[{(to - from) / 4}],\"data_offsets\":[{from},{to}]}},");
        }

        json.Append("\"__metadata__\":{\"format\":\"pt\"}}");
        for (var damage = random.Next(4); damage > 0; damage--)
        {
            var at = random.Next(json.Length);
            switch (random.Next(5))
            {
                case 0:
                    json[at] = (char)random.Next(1, 256);
                    break;
                case 1:
                    json.Remove(at, random.Next(1, Math.Min(12, json.Length - at) + 1));
                    break;
                case 2:
                    json.Insert(at, HostileWords[random.Next(HostileWords.Length)]);
                    break;
                case 3:
                    ReplaceNumber(json, at, HostileWords[random.Next(HostileWords.Length)]);
                    break;
                default:
                    json.Insert(at, json.ToString(random.Next(json.Length / 2), json.Length / 3));
                    break;
            }

            if (json.Length == 0)
            {
                break;
            }
        }

        var bytes = Encoding.Latin1.GetBytes(json.ToString());
        var length = random.Next(16) == 0 ? (ulong)random.NextInt64() : (ulong)bytes.Length;
        var file = new byte[sizeof(ulong) + bytes.Length];
        BinaryPrimitives.WriteUInt64LittleEndian(file, length);
        bytes.CopyTo(file, sizeof(ulong));
        return file;
    }

    private static void ReplaceNumber(StringBuilder json, int from, string by)
    {
        for (var at = from; at < json.Length; at++)
        {
            if (char.IsAsciiDigit(json[at]))
            {
                json.Remove(at, 1).Insert(at, by);
                return;
            }
        }
    }

    private string Write(string header)
    {
        using var file = File.Create(_folder.File("w"));
        file.Write(BitConverter.GetBytes((ulong)Encoding.UTF8.GetByteCount(header)));
        file.Write(Encoding.UTF8.GetBytes(header));
        file.Write(new byte[8]);
        return file.Name;
    }
}
