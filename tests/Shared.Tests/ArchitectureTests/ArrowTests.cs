namespace RenderFarm.Shared.Tests.ArchitectureTests;

/// <summary>Who may know whom: between projects, and between the rooms of the coordinator.</summary>
public sealed class ArrowTests
{
    private static readonly Dictionary<string, string[]> Projects = new()
    {
        ["Shared"] = [],
        ["Diffusion"] = [],
        ["ServiceDefaults"] = ["Shared"],
        ["Coordinator"] = ["Shared", "ServiceDefaults"],
        ["Worker"] = ["Shared", "ServiceDefaults", "Diffusion"],
        ["Client"] = ["Shared"],
        ["Cli"] = ["Client", "Coordinator", "Worker"],
    };

    // Lower rooms first: a room knows only rooms above it in this list. The root (wiring) knows all.
    private static readonly Dictionary<string, string[]> Rooms = new()
    {
        ["Database"] = ["Jobs", "Ledger", "Workers", "Models"],
        ["Feed"] = [],
        ["Jobs"] = ["Database", "Ledger", "Feed", "Models", "Standing"],
        ["Ledger"] = ["Database", "Feed", "Jobs", "Workers"],
        ["Models"] = ["Database", "Workers"],
        ["Workers"] = ["Database", "Ledger", "Feed", "Models", "Standing"],
        ["Standing"] = ["Database", "Ledger", "Feed", "Workers"],
        ["Leases"] = ["Database", "Ledger", "Standing", "Workers"],
        ["Scheduling"] = ["Database", "Ledger", "Feed", "Jobs", "Workers"],
        ["Access"] = [],
        ["Artifacts"] = ["Database", "Ledger", "Jobs"],
        ["Audit"] = ["Artifacts", "Database", "Ledger"],
        ["Upkeep"] = ["Artifacts", "Database", "Jobs", "Ledger"],
        ["Api"] = ["Access", "Artifacts", "Database", "Feed", "Jobs", "Ledger", "Models", "Standing", "Workers"],
        ["Dashboard"] = ["Access", "Feed", "Jobs", "Models", "Workers"],
    };

    public static TheoryData<string> ProjectNames => [.. Projects.Keys];

    public static TheoryData<string> RoomNames => [.. Rooms.Keys];

    [Theory]
    [MemberData(nameof(ProjectNames))]
    public void A_project_knows_only_the_projects_it_may_know(string project) =>
        Assert.Empty(Repository.ProjectReferences(project).Except(Projects[project]));

    [Fact]
    public void Every_project_of_src_has_its_arrows_listed() =>
        Assert.Equal(Projects.Keys.Order(), Directory.GetDirectories(Path.Combine(Repository.Root, "src")).Select(Path.GetFileName).Order());

    [Fact]
    public void Every_room_of_the_coordinator_has_its_arrows_listed()
    {
        var found = Repository.Sources("src/Coordinator").Select(RoomOf).Where(x => x != "").Distinct();
        Assert.Empty(found.Except(Rooms.Keys));
    }

    [Theory]
    [MemberData(nameof(RoomNames))]
    public void A_room_of_the_coordinator_knows_only_the_rooms_it_may_know(string room)
    {
        var wrong =
            from file in Repository.Sources("src/Coordinator")
            where RoomOf(file) == room
            from named in Repository.RoomsNamedIn(file, "Coordinator")
            where named != room && !Rooms[room].Contains(named) && Rooms.ContainsKey(named)
            select $"{Path.GetRelativePath(Repository.Root, file)} names {named}";
        Assert.Empty(wrong);
    }

    [Fact]
    public void A_namespace_is_the_folder_of_its_file()
    {
        var wrong =
            from file in Repository.Sources("src")
            where file.EndsWith(".cs", StringComparison.Ordinal) && !file.EndsWith(".razor.cs", StringComparison.Ordinal)
            let folder = Path.GetRelativePath(Path.Combine(Repository.Root, "src"), Path.GetDirectoryName(file)!)
            let expected = "namespace RenderFarm." + folder.Replace(Path.DirectorySeparatorChar, '.') + ";"
            let text = File.ReadAllText(file)
            where text.Contains("\nnamespace ", StringComparison.Ordinal) && !text.Contains(expected, StringComparison.Ordinal)
            select $"{Path.GetRelativePath(Repository.Root, file)} is not in '{expected}'";
        Assert.Empty(wrong);
    }

    [Fact]
    public void Shared_uses_nothing_but_the_base_class_library() =>
        Assert.DoesNotContain("PackageReference", File.ReadAllText(Path.Combine(Repository.Root, "src/Shared/Shared.csproj")), StringComparison.Ordinal);

    [Fact]
    public void The_worker_never_uses_a_database() =>
        Assert.DoesNotContain(Repository.Sources("src/Worker"), x => File.ReadAllText(x).Contains("EntityFrameworkCore", StringComparison.Ordinal));

    [Fact]
    public void Clock_and_chance_are_injected()
    {
        string[] forbidden = ["DateTime.UtcNow", "DateTime.Now", "DateTimeOffset.UtcNow", "DateTimeOffset.Now", "Random.Shared", "new Random(", "Thread.Sleep("];
        var wrong =
            from file in Repository.Sources("src")
            from word in forbidden
            where File.ReadAllText(file).Contains(word, StringComparison.Ordinal)
            select $"{Path.GetRelativePath(Repository.Root, file)} has {word}";
        Assert.Empty(wrong);
    }

    private static string RoomOf(string file)
    {
        var parts = Path.GetRelativePath(Path.Combine(Repository.Root, "src/Coordinator"), file).Split(Path.DirectorySeparatorChar);
        return parts.Length > 1 ? parts[0] : "";
    }
}
