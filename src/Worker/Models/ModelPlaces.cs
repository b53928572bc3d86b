using RenderFarm.Diffusion.Models;

namespace RenderFarm.Worker.Models;

/// <summary>Where models lie in a worker's folder: each in a folder of its own, or as a checkpoint that was put there as it is.</summary>
internal static class ModelPlaces
{
    private const string Marker = "model_index.json";
    private const string Checkpoint = ".safetensors";

    /// <summary>All that are meant as models, by name, whether they can be used or not; of two with one name the folder comes first.</summary>
    public static IReadOnlyList<ModelPlace> In(string models)
    {
        var folders = Directory.EnumerateDirectories(models)
            .Where(folder => File.Exists(Path.Combine(folder, Marker)) && !UnfinishedModel.Is(folder))
            .Select(folder => new ModelPlace(Path.GetFileName(folder), folder));
        var files = Directory.EnumerateFiles(models)
            .Where(file => Path.GetExtension(file) == Checkpoint && Path.GetFileName(file)[0] != '.')
            .Select(file => new ModelPlace(Path.GetFileNameWithoutExtension(file), file));
        return [.. folders.Concat(files).OrderBy(place => place.Name, StringComparer.Ordinal)];
    }

    /// <summary>The folder or file of a name.</summary>
    public static string Of(string models, string name)
    {
        var folder = Path.Combine(models, name);
        return !Directory.Exists(folder) && File.Exists(folder + Checkpoint) ? folder + Checkpoint : folder;
    }
}

/// <summary>A model's name, and the folder or file that it lies in.</summary>
internal sealed record ModelPlace(string Name, string Path);
