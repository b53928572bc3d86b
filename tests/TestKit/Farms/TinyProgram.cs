namespace RenderFarm.TestKit.Farms;

/// <summary>The program, but for graphs that are small in place of the families' own: whole farms of it render with the small checkpoint of the goldens.</summary>
public static class TinyProgram
{
    private const string Library = "RenderFarm.Diffusion";
    private const string Name = "renderfarm";

    /// <summary>Makes it in a folder, which takes no room but for the library with the graphs. The answer is the file to start.</summary>
    public static string Make(string folder)
    {
        Directory.CreateDirectory(folder);
        foreach (var part in new DirectoryInfo(Path.GetDirectoryName(FarmProcess.Renderfarm)!).EnumerateFileSystemInfos())
        {
            var place = Path.Combine(folder, part.Name);
            if (part.Name.StartsWith(Name, StringComparison.Ordinal))
            {
                // The runtime looks for the others beside these files themselves, not beside links to them.
                File.Copy(part.FullName, place);
            }
            else if (part.Name != $"{Library}.dll")
            {
                File.CreateSymbolicLink(place, part.FullName);
            }
        }

        File.Copy(Path.Combine(Repository.Root, "artifacts", "bin", "TinyDiffusion", Repository.Configuration, $"{Library}.dll"), Path.Combine(folder, $"{Library}.dll"));
        return Path.Combine(folder, Name);
    }
}
