using System.Buffers.Binary;
using System.Text;
using RenderFarm.Diffusion.Weights;
using RenderFarm.TestKit;
using RenderFarm.TestKit.Goldens;

namespace RenderFarm.Diffusion.Tests.Weights;

public sealed class SafetensorsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Tensors_of_every_readable_type_come_as_floats()
    {
        byte[] data =
        [
            .. BitConverter.GetBytes(1.5), .. BitConverter.GetBytes(-2.25f), .. BitConverter.GetBytes((Half)0.5),
            0xc0, 0x3f, .. BitConverter.GetBytes(-7L), .. BitConverter.GetBytes(9),
        ];
        var path = Write(
            """
            {"a":{"dtype":"F64","shape":[1],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[],"data_offsets":[8,12]},
             "c":{"dtype":"F16","shape":[1,1],"data_offsets":[12,14]},"d":{"dtype":"BF16","shape":[1],"data_offsets":[14,16]},
             "e":{"dtype":"I64","shape":[1],"data_offsets":[16,24]},"f":{"dtype":"I32","shape":[1],"data_offsets":[24,28]},
             "g":{"dtype":"F32","shape":[0,5],"data_offsets":[28,28]},"__metadata__":{"format":"pt"}}   
            """,
            data);

        using var file = SafetensorsFile.Open(path);

        Assert.Equal([1.5f, -2.25f, 0.5f, 1.5f, -7f, 9f], "abcdef".SelectMany(name => file.Floats(file.Header.Tensors[$"{name}"])));
        Assert.Empty(file.Floats(file.Header.Tensors["g"]));
        Assert.Equal([1L, 1L], file.Header.Tensors["c"].Shape);
        Assert.Equal(file.Header.DataOffset + 14, file.Header.Tensors["d"].Offset);
        Assert.Equal("pt", file.Header.Texts["format"]);
        Assert.Equal(Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(data)), file.DataDigest());
    }

    [Fact]
    public void A_type_that_has_no_floats_is_named_when_it_is_read()
    {
        using var file = SafetensorsFile.Open(Write("""{"mask":{"dtype":"BOOL","shape":[2],"data_offsets":[0,2]}}""", [0, 1]));

        var problem = Assert.Throws<WeightFileException>(() => file.Floats(file.Header.Tensors["mask"]));
        Assert.Equal("mask", problem.Tensor);
    }

    [Theory]
    [InlineData("""{"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}""", null, "not JSON")]
    [InlineData("[]", null, "Array")]
    [InlineData("""{"w":7}""", "w", "dtype, shape and data_offsets")]
    [InlineData("""{"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"w":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}""", "w", "twice")]
    [InlineData("""{"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4],"dtype":"I32"}}""", "w", "each once")]
    [InlineData("""{"w":{"dtype":"Q4","shape":[1],"data_offsets":[0,4]}}""", "w", "'Q4'")]
    [InlineData("""{"w":{"dtype":5,"shape":[1],"data_offsets":[0,4]}}""", "w", "known are")]
    [InlineData("""{"w":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}""", "w", "[3]")]
    [InlineData("""{"w":{"dtype":"F32","shape":[-1],"data_offsets":[0,8]}}""", "w", "whole numbers")]
    [InlineData("""{"w":{"dtype":"F32","shape":[1.5],"data_offsets":[0,8]}}""", "w", "whole numbers")]
    [InlineData("""{"w":{"dtype":"F32","shape":[9223372036854775807,9223372036854775807,2],"data_offsets":[0,8]}}""", "w", "does not fill")]
    [InlineData("""{"w":{"dtype":"F32","shape":[18446744073709551615],"data_offsets":[0,8]}}""", "w", "whole numbers")]
    [InlineData("""{"w":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}""", "w", "8 bytes")]
    [InlineData("""{"w":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}""", "w", "data_offsets")]
    [InlineData("""{"w":{"dtype":"F32","shape":[2],"data_offsets":[0]}}""", "w", "data_offsets")]
    [InlineData("""{"w":{"dtype":"F32","shape":[2],"data_offsets":[0,9223372036854775807]}}""", "w", "data_offsets")]
    [InlineData("""{"v":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"w":{"dtype":"F16","shape":[3],"data_offsets":[2,8]}}""", "w", "overlaps")]
    [InlineData("""{"w":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}""", "w", "4 bytes before it")]
    [InlineData("""{"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", null, "4 bytes at its end")]
    [InlineData("""{"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"__metadata__":{"a":1}}""", "__metadata__", "'a'")]
    [InlineData("""{"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"__metadata__":[]}""", "__metadata__", "object of texts")]
    public void A_header_that_contradicts_itself_is_refused_with_the_tensor_and_the_reason(string header, string? tensor, string told)
    {
        var path = Write(header, new byte[8]);

        var problem = Assert.Throws<WeightFileException>(() => SafetensorsFile.Open(path));

        Assert.Equal((path, tensor), (problem.File, problem.Tensor));
        Assert.Contains(told, problem.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(ulong.MaxValue)]
    [InlineData(1UL << 62)]
    [InlineData((16UL << 20) + 1)]
    [InlineData(3UL)]
    public void A_header_longer_than_the_file_is_refused_without_reading_it(ulong length)
    {
        var bytes = new byte[10];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, length);
        File.WriteAllBytes(_folder.File("w"), bytes);

        Assert.Contains("cut off", Assert.Throws<WeightFileException>(() => SafetensorsHeader.Read(_folder.File("w"))).Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_is_not_there_or_empty_is_named()
    {
        File.WriteAllBytes(_folder.File("empty"), []);

        Assert.Contains("0 bytes", Assert.Throws<WeightFileException>(() => SafetensorsFile.Open(_folder.File("empty"))).Problem, StringComparison.Ordinal);
        Assert.Equal(_folder.File("none"), Assert.Throws<WeightFileException>(() => SafetensorsFile.Open(_folder.File("none"))).File);
    }

    [Fact]
    public void Damage_anywhere_is_refused_or_harmless()
    {
        var sound = File.ReadAllBytes(Path.Combine(GoldenFolder.Default, "loras", "tiny-sd2.kohya.safetensors"));
        var header = (int)BinaryPrimitives.ReadUInt64LittleEndian(sound);

        // Seeded, so that every run damages the same bytes.
        var random = new Random(23);
        var refused = 0;
        for (var attempt = 0; attempt < 300; attempt++)
        {
            byte[] damaged = attempt % 3 == 0 ? sound[..random.Next(sound.Length)] : [.. sound];
            for (var flip = 0; flip < 1 + (attempt % 4) && attempt % 3 > 0; flip++)
            {
                damaged[random.Next(attempt % 3 == 1 ? 8 : header + 8)] = (byte)random.Next(256);
            }

            File.WriteAllBytes(_folder.File("damaged"), damaged);
            try
            {
                using var file = SafetensorsFile.Open(_folder.File("damaged"));
                Assert.All(file.Header.Tensors.Values, tensor => Assert.InRange(tensor.Offset + tensor.ByteCount, 8, damaged.Length));
            }
            catch (WeightFileException)
            {
                refused++;
            }
        }

        Assert.InRange(refused, 250, 299);
    }

    private string Write(string header, byte[] data)
    {
        var json = Encoding.UTF8.GetBytes(header);
        File.WriteAllBytes(_folder.File("w"), [.. BitConverter.GetBytes((ulong)json.Length), .. json, .. data]);
        return _folder.File("w");
    }
}
