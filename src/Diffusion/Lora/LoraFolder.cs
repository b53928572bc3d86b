namespace RenderFarm.Diffusion.Lora;

/// <summary>The LoRAs that requests may name: the .safetensors files of a folder and of those in it, by name without ending.</summary>
internal sealed class LoraFolder(string? folder)
{
    private const string Ending = ".safetensors";
    private const int Listed = 50;

    /// <summary>The file of a name. Names are only compared with files that are there, never made into a path.</summary>
    public string Find(string name)
    {
        var files = Files();
        var named = files.Where(file => Path.GetFileNameWithoutExtension(file) == name || Path.GetFileName(file) == name).ToArray();
        return named switch
        {
            [var file] => file,
            [] when files.Length > 0 => throw Refused($"one of {string.Join(", ", files.Take(Listed).Select(Path.GetFileNameWithoutExtension))}{(files.Length > Listed ? $" and {files.Length - Listed} more" : "")}"),
            [] => throw Refused(folder is null ? $"none, because {nameof(PipelineOptions)}.{nameof(PipelineOptions.LoraFolder)} is not set" : $"none, because {folder} has no {Ending} files"),
            _ => throw Refused($"a name of one file, but {folder} has {string.Join(" and ", named.Select(file => Path.GetRelativePath(folder!, file)))}"),
        };

        RenderRequestException Refused(string allowed) => new(nameof(ImageRequest.Loras), $"'{name}'", allowed);
    }

    private string[] Files() => folder is not null && Directory.Exists(folder)
        ? [.. Directory.EnumerateFiles(folder, "*" + Ending, SearchOption.AllDirectories).Order(StringComparer.Ordinal)]
        : [];
}
