using RenderFarm.Diffusion.Models;
using RenderFarm.Diffusion.Onnx;
using RenderFarm.Diffusion.Weights;

namespace RenderFarm.Diffusion.Checkpoints;

/// <summary>The tensors of one or several files of one folder, by name.</summary>
internal sealed class WeightFiles
{
    private readonly Dictionary<string, (string File, WeightTensor Tensor)> _tensors = new(StringComparer.Ordinal);

    private WeightFiles(string folder, string name) => (Folder, Name) = (folder, name);

    public string Folder { get; }

    /// <summary>The file that is named where something is wrong: the only one, or the first of them.</summary>
    public string Name { get; }

    public IEnumerable<string> Names => _tensors.Keys;

    /// <summary>Of one file, whose header was read.</summary>
    public static WeightFiles Of(string path, SafetensorsHeader header)
    {
        var files = new WeightFiles(Path.GetDirectoryName(path)!, Path.GetFileName(path));
        files.Add(path, header);
        return files;
    }

    /// <summary>Of the parts that a network is kept in.</summary>
    /// <exception cref="ModelFolderException">A part is not sound, or lies elsewhere than the others.</exception>
    public static WeightFiles Of(IReadOnlyList<string> paths)
    {
        // The runtime looks for weights in the folder of the files themselves, not of links to them.
        string[] files = [.. paths.Select(path => File.Exists(path) ? File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName ?? path : path)];
        var all = new WeightFiles(Path.GetDirectoryName(files[0])!, Path.GetFileName(files[0]));
        foreach (var file in files)
        {
            if (Path.GetDirectoryName(file) != all.Folder)
            {
                throw new ModelFolderException(all.Folder, Path.GetFileName(file), $"It lies in {Path.GetDirectoryName(file)}, other parts of the same network in {all.Folder}.", "Put all parts of a network into one folder.");
            }

            try
            {
                all.Add(file, SafetensorsHeader.Read(file));
            }
            catch (WeightFileException exception)
            {
                throw new ModelFolderException(all.Folder, Path.GetFileName(file), exception.Message, "Download the file again.", exception);
            }
        }

        return all;
    }

    /// <summary>The tensor of this name and the plain name of its file.</summary>
    public (string File, WeightTensor Tensor)? Find(string name) => _tensors.TryGetValue(name, out var found) ? found : null;

    private void Add(string path, SafetensorsHeader header)
    {
        if (!ExternalData.IsPlainName(Path.GetFileName(path)))
        {
            throw new ModelFolderException(Folder, Path.GetFileName(path), @"Its name has a ':' or a '\' in it, which the name of a file of weights must not have.", "Rename the file.");
        }

        foreach (var (name, tensor) in header.Tensors)
        {
            if (!_tensors.TryAdd(name, (Path.GetFileName(path), tensor)))
            {
                throw new ModelFolderException(Folder, Path.GetFileName(path), $"The tensor {name} is in {_tensors[name].File} as well.", "Download the network's files again.");
            }
        }
    }
}
