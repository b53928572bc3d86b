using System.IO.Compression;
using RenderFarm.Diffusion.Checkpoints;
using RenderFarm.Diffusion.Models;
using RenderFarm.Diffusion.Models.Reading;
using RenderFarm.Diffusion.Tokenization;
using RenderFarm.TestKit.Goldens;

namespace RenderFarm.Diffusion.Tests.Checkpoints;

/// <summary>Checkpoints of SD 1 with small widths: their graphs lie with the goldens, and their tokenizer is the bundled model's.</summary>
internal static class TinyCheckpoint
{
    public static SharedParts Parts { get; } = new(OpenGraph, (_, length) => Tokenizer(length));

    public static string File { get; } = PathOf("checkpoints", "tiny-sd1.safetensors");

    /// <summary>Reads a checkpoint as a model.</summary>
    public static ModelFolder Open(string file, CheckpointChoices? choices = null)
    {
        var inspection = Inspect(file, choices);
        return inspection.Model ?? throw new ModelFolderException(file, inspection.Problems);
    }

    /// <summary>Reads a file, whatever it is.</summary>
    public static ModelInspection Inspect(string file, CheckpointChoices? choices = null) =>
        CheckpointReader.Read(file, Parts, FileHashes.Unremembered, choices ?? CheckpointChoices.None, CancellationToken.None);

    /// <summary>A file of the current goldens, or of the default ones.</summary>
    public static string PathOf(string kind, string name) =>
        GoldenFolder.PathOf(kind, name) is var path && System.IO.File.Exists(path) ? path : Path.Combine(GoldenFolder.Default, kind, name);

    private static GZipStream OpenGraph(string name) => new(System.IO.File.OpenRead(PathOf("graphs", $"tiny-{name}.onnx.gz")), CompressionMode.Decompress);

    private static ClipTokenizer Tokenizer(int length)
    {
        var problems = new ProblemList(GoldenFolder.EmojiModel);
        return ClipTokenizer.Read(problems, "tokenizer/", length) ?? throw new ModelFolderException(problems.Folder, problems.Problems);
    }
}
