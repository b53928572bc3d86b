using System.IO.Compression;
using RenderFarm.Diffusion.Checkpoints;
using RenderFarm.Diffusion.Models;
using RenderFarm.Diffusion.Models.Reading;
using RenderFarm.Diffusion.Tokenization;
using RenderFarm.TestKit.Goldens;

namespace RenderFarm.Benchmarks.Checkpoints;

/// <summary>A checkpoint to measure with: one of Stable Diffusion 1 in float16 at full size, whose weights are zeros that take no place on disk, or the tests' tiny one.</summary>
internal sealed record CheckpointSubject(string Name, SharedParts Parts, string Tokenizer, Action<string> Write)
{
    public static IReadOnlyList<CheckpointSubject> All { get; } =
    [
        new("sd1", SharedParts.Shipped, GoldenFolder.Tokenizer("openai"), file => SparseCheckpoint.Write(file, SparseCheckpoint.TensorsOf("sd1"))),
        new("tiny", new SharedParts(OpenTiny, (_, length) => TinyTokenizer(length)), GoldenFolder.Tokenizer("emoji"), file => File.Copy(Tiny("checkpoints", "tiny-sd1.safetensors"), file)),
    ];

    public static CheckpointSubject Named(string name) => All.First(subject => subject.Name == name);

    /// <summary>Reads it as a model, and hashes it.</summary>
    public ModelFolder Read(string file, CancellationToken cancellationToken) =>
        ModelOf(file, CheckpointReader.Read(file, Parts, FileHashes.Unremembered, CheckpointChoices.None, cancellationToken));

    /// <summary>Reads the folder that stands for it, as a worker does.</summary>
    public ModelFolder ReadLinked(string folder) => ModelOf(folder, CheckpointReader.ReadLinked(folder, Parts, FileHashes.Unremembered, CancellationToken.None)!);

    private static ModelFolder ModelOf(string path, ModelInspection inspection) => inspection.Model ?? throw new ModelFolderException(path, inspection.Problems);

    private static string Tiny(string kind, string name) => Path.Combine(GoldenFolder.Default, kind, name);

    private static GZipStream OpenTiny(string name) => new(File.OpenRead(Tiny("graphs", $"tiny-{name}.onnx.gz")), CompressionMode.Decompress);

    private static ClipTokenizer TinyTokenizer(int length)
    {
        var problems = new ProblemList(GoldenFolder.EmojiModel);
        return ClipTokenizer.Read(problems, "tokenizer/", length) ?? throw new ModelFolderException(problems.Folder, problems.Problems);
    }
}
