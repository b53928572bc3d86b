using RenderFarm.Diffusion.Weights;

namespace RenderFarm.Diffusion.Checkpoints;

/// <summary>The tensors of one or several files of one folder, by name.</summary>
internal sealed class WeightFiles
{
    private readonly Dictionary<string, (string File, WeightTensor Tensor)> _tensors = new(StringComparer.Ordinal);

    private WeightFiles(string folder, string name) => (Folder, Name) = (folder, name);

    public string Folder { get; }

    /// <summary>The file that is named where something is wrong: the only one, or the list of all.</summary>
    public string Name { get; }

    /// <summary>Of one file.</summary>
    public static WeightFiles Of(string path, SafetensorsHeader header)
    {
        var files = new WeightFiles(Path.GetDirectoryName(path)!, Path.GetFileName(path));
        foreach (var (name, tensor) in header.Tensors)
        {
            files._tensors.Add(name, (files.Name, tensor));
        }

        return files;
    }

    /// <summary>The tensor of this name and the plain name of its file.</summary>
    public (string File, WeightTensor Tensor)? Find(string name) => _tensors.TryGetValue(name, out var found) ? found : null;
}
