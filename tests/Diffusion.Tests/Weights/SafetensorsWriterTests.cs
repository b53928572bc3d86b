using RenderFarm.Diffusion.Weights;
using RenderFarm.TestKit;

namespace RenderFarm.Diffusion.Tests.Weights;

public sealed class SafetensorsWriterTests : IDisposable
{
    private static readonly IReadOnlyList<(string Name, TensorElement Element, IReadOnlyList<long> Shape)> Tensors =
    [
        ("b", TensorElement.F16, [3]),
        ("a \"quoted\"", TensorElement.F32, [2, 2]),
        ("empty", TensorElement.BF16, [0, 7]),
    ];

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void What_is_written_is_read_again()
    {
        using var file = SafetensorsFile.Open(Write());

        Assert.Equal(Tensors.Select(tensor => tensor.Name).Order(), file.Header.Tensors.Keys.Order());
        Assert.Equal((TensorElement.F16, 6), (file.Header.Tensors["b"].Element, file.Header.Tensors["b"].ByteCount));
        Assert.Equal([2, 2], file.Header.Tensors["a \"quoted\""].Shape);
        Assert.Equal(BytesOf(1), file.Bytes(file.Header.Tensors["a \"quoted\""]).ToArray());
        Assert.Equal(0, file.Header.DataOffset % 64);
        Assert.True(SafetensorsWriter.IsAsWritten(file.Path, file.Header));
    }

    [Fact]
    public void Damage_anywhere_in_the_data_is_seen()
    {
        var file = Write();
        var header = SafetensorsHeader.Read(file);
        var sound = File.ReadAllBytes(file);
        for (var at = (int)header.DataOffset; at < sound.Length; at++)
        {
            var damaged = sound.ToArray();
            damaged[at] ^= 1;
            File.WriteAllBytes(file, damaged);

            Assert.False(SafetensorsWriter.IsAsWritten(file, SafetensorsHeader.Read(file)));
        }
    }

    [Fact]
    public void A_file_without_a_checksum_is_not_as_written()
    {
        File.WriteAllBytes(_folder.File("other"), [2, 0, 0, 0, 0, 0, 0, 0, (byte)'{', (byte)'}']);

        Assert.False(SafetensorsWriter.IsAsWritten(_folder.File("other"), SafetensorsHeader.Read(_folder.File("other"))));
    }

    [Fact]
    public void A_file_that_is_there_is_not_overwritten() =>
        Assert.Throws<IOException>(() => SafetensorsWriter.Write(Write(), Tensors, BytesOf));

    private string Write()
    {
        SafetensorsWriter.Write(_folder.File("weights"), Tensors, BytesOf);
        return _folder.File("weights");
    }

    private static byte[] BytesOf(int tensor) => tensor switch
    {
        0 => [1, 2, 3, 4, 5, 6],
        1 => [.. Enumerable.Range(7, 16).Select(value => (byte)value)],
        _ => [],
    };
}
