using RenderFarm.TestKit;

namespace RenderFarm.Worker.Tests.Bench;

/// <summary>A model folder of the test's own: copies of the small model, whole or damaged.</summary>
internal sealed class ModelCopies : IDisposable
{
    private const int DamagedBytes = 4096;
    private readonly TemporaryFolder _folder = new();

    public string Path => _folder.Path;

    public string Add(string name)
    {
        var source = System.IO.Path.Combine(WorkerBench.Models, "emoji");
        var target = System.IO.Path.Combine(Path, name);
        foreach (var file in Directory.EnumerateFiles(source, "*", SearchOption.AllDirectories))
        {
            var copy = System.IO.Path.Combine(target, System.IO.Path.GetRelativePath(source, file));
            Directory.CreateDirectory(System.IO.Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
        }

        return target;
    }

    public void AddWithoutUnet(string name) => File.Delete(System.IO.Path.Combine(Add(name), "unet", "model.onnx"));

    /// <summary>A model that loads but whose UNet holds NaN: 0xff throughout is not a number at any alignment.</summary>
    public void AddWithDamagedUnet(string name)
    {
        var folder = Add(name);
        File.Delete(System.IO.Path.Combine(folder, "SHA256SUMS"));
        var unet = System.IO.Path.Combine(folder, "unet", "model.onnx");
        var bytes = File.ReadAllBytes(unet);
        bytes.AsSpan(bytes.Length / 2, DamagedBytes).Fill(0xff);
        File.WriteAllBytes(unet, bytes);
    }

    public void Dispose() => _folder.Dispose();
}
