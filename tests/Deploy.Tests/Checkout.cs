namespace RenderFarm.Deploy.Tests;

/// <summary>Files of the repository that the tests run in.</summary>
internal static class Checkout
{
    public static string Root => TestKit.Farms.Repository.Root;

    public static string PathOf(string file) => Path.Combine(Root, file);

    public static string Read(string file) => File.ReadAllText(PathOf(file));
}
