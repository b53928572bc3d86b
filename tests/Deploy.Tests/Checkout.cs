namespace RenderFarm.Deploy.Tests;

/// <summary>Files of the repository that the tests run in.</summary>
internal static class Checkout
{
    public static string Root { get; } = Find();

    public static string PathOf(string file) => Path.Combine(Root, file);

    public static string Read(string file) => File.ReadAllText(PathOf(file));

    private static string Find()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "RenderFarm.sln")))
        {
            folder = folder.Parent ?? throw new DirectoryNotFoundException($"No folder above {AppContext.BaseDirectory} holds RenderFarm.sln.");
        }

        return folder.FullName;
    }
}
