using System.Text.RegularExpressions;

namespace RenderFarm.Shared.Tests.ArchitectureTests;

/// <summary>Reads the source tree that these tests were built from.</summary>
internal static partial class Repository
{
    public static string Root => TestKit.Farms.Repository.Root;

    public static IEnumerable<string> Sources(string folder) => Directory
        .EnumerateFiles(Path.Combine(Root, folder), "*.*", SearchOption.AllDirectories)
        .Where(x => x.EndsWith(".cs", StringComparison.Ordinal) || x.EndsWith(".razor", StringComparison.Ordinal))
        .Where(x => !x.Contains("/Migrations/", StringComparison.Ordinal));

    public static IEnumerable<string> ProjectReferences(string project)
    {
        var text = File.ReadAllText(Path.Combine(Root, "src", project, project + ".csproj"));
        return ProjectReference().Matches(text).Select(x => x.Groups[1].Value);
    }

    /// <summary>Rooms of the same project that a file names, in a using or in full.</summary>
    public static IEnumerable<string> RoomsNamedIn(string file, string project)
    {
        var text = File.ReadAllText(file);
        return Regex.Matches(text, $@"RenderFarm\.{project}\.([A-Z]\w*)").Select(x => x.Groups[1].Value).Distinct();
    }

    [GeneratedRegex("""ProjectReference Include="[^"]*/(\w+)\.csproj""")]
    private static partial Regex ProjectReference();
}
