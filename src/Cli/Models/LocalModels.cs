using System.Security.Cryptography;
using System.Text;
using RenderFarm.Diffusion.Models;
using RenderFarm.Shared.Protocol;

namespace RenderFarm.Cli.Models;

/// <summary>The models of a farm on this machine: those added to its data folder, and those that came with the program.</summary>
internal static class LocalModels
{
    private const string Marker = "model_index.json";

    public static string FolderOf(string dataFolder) => Path.Combine(dataFolder, "models");

    /// <summary>Makes the folder of models and links the program's own into it; the answer is the folder.</summary>
    public static string Prepare(string dataFolder)
    {
        var folder = Directory.CreateDirectory(FolderOf(dataFolder)).FullName;
        UnfinishedModel.RemoveAbandoned(folder);
        foreach (var model in Bundled())
        {
            Link(model, Path.Combine(folder, Path.GetFileName(model)));
        }

        return folder;
    }

    /// <summary>Model folders of a folder, by name.</summary>
    public static IReadOnlyList<string> In(string folder) => Directory.Exists(folder)
        ? [.. Directory.EnumerateDirectories(folder).Where(model => File.Exists(Path.Combine(model, Marker)) && !UnfinishedModel.Is(model)).Order(StringComparer.Ordinal)]
        : [];

    /// <summary>What a worker reports of a model that it need not have: the facts of the bundled one of this name, else those of an unknown one.</summary>
    public static WorkerModel Claim(string name, string? digest)
    {
        var bundled = Bundled().FirstOrDefault(folder => Path.GetFileName(folder) == name);
        return bundled is not null && ModelFolder.Inspect(bundled, verifyDigest: false).Model is { } model
            ? new WorkerModel(name, digest ?? model.Digest, model.Family, model.DefaultWidth, model.DefaultHeight, model.SizeMultiple, model.WeightBytes, null)
            : new WorkerModel(name, digest ?? Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(name))), "sd1", 512, 512, 8, 0, null);
    }

    /// <summary>Makes a folder stand for a model elsewhere; where links cannot be made it becomes a copy.</summary>
    public static void Link(ModelFolder model, string target) => Link(Path.GetFullPath(model.Path), target);

    /// <summary>Copies a model into the folder, whole or not at all.</summary>
    public static void Copy(string source, string target, CancellationToken cancellationToken)
    {
        var aside = UnfinishedModel.Of(target);
        try
        {
            foreach (var file in Directory.EnumerateFiles(source, "*", SearchOption.AllDirectories))
            {
                var copy = Path.Combine(aside, Path.GetRelativePath(source, file));
                Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
                cancellationToken.ThrowIfCancellationRequested();
                File.Copy(file, copy);
            }

            Directory.Move(aside, target);
        }
        finally
        {
            if (Directory.Exists(aside))
            {
                Directory.Delete(aside, recursive: true);
            }
        }
    }

    /// <summary>A folder <c>models</c> next to the program, or above it when it runs from the sources.</summary>
    private static IReadOnlyList<string> Bundled()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (In(Path.Combine(folder.FullName, "models")) is { Count: > 0 } models)
            {
                return models;
            }
        }

        return [];
    }

    private static void Link(string model, string link)
    {
        var known = new DirectoryInfo(link);
        if (known.LinkTarget == model || (known.LinkTarget is null && known.Exists))
        {
            return;
        }

        if (known.LinkTarget is not null)
        {
            // It points to where the program lay before. Where nothing lies any more, the link itself counts as a file.
            if (known.Exists)
            {
                known.Delete();
            }
            else
            {
                File.Delete(link);
            }
        }

        try
        {
            Directory.CreateSymbolicLink(link, model);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            // Windows lets only some users make links.
            Copy(model, link, CancellationToken.None);
        }
    }
}
