using System.Text.RegularExpressions;

namespace RenderFarm.Deploy.Tests.Docker;

public sealed partial class DockerfileTests
{
    public static TheoryData<string> Dockerfiles => ["deploy/docker/Coordinator.Dockerfile", "deploy/docker/Worker.Dockerfile"];

    [Theory]
    [MemberData(nameof(Dockerfiles))]
    public void Copied_paths_exist_and_reach_the_build(string dockerfile)
    {
        var allowed = Checkout.Read(".dockerignore").Split('\n').Where(line => line.StartsWith('!')).Select(line => line[1..]).ToList();
        var copied = Copies().Matches(Checkout.Read(dockerfile)).SelectMany(match => match.Groups[1].Value.Split(' ')[..^1]).ToList();

        Assert.NotEmpty(copied);
        foreach (var path in copied)
        {
            Assert.True(Path.Exists(Checkout.PathOf(path)), $"{dockerfile} copies {path}, which is not there.");
            Assert.True(
                allowed.Any(entry => path == entry || path.StartsWith($"{entry}/", StringComparison.Ordinal)),
                $"{dockerfile} copies {path}, which .dockerignore keeps out.");
        }
    }

    [Theory]
    [MemberData(nameof(Dockerfiles))]
    public void Packages_are_restored_from_every_project_that_the_program_is_made_of(string dockerfile)
    {
        var text = Checkout.Read(dockerfile);

        var projects = Directory.EnumerateFiles(Checkout.PathOf("src"), "*.csproj", SearchOption.AllDirectories)
            .Select(file => Path.GetRelativePath(Checkout.Root, file).Replace('\\', '/'));

        Assert.All(projects, project => Assert.Contains($"COPY {project} ", text, StringComparison.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Dockerfiles))]
    public void The_program_runs_as_nobody_special(string dockerfile)
    {
        var lines = Checkout.Read(dockerfile).Split('\n');

        Assert.Equal("USER 1654:1654", Assert.Single(lines, line => line.StartsWith("USER", StringComparison.Ordinal)));
        Assert.Single(lines, line => line.StartsWith("HEALTHCHECK", StringComparison.Ordinal));
        Assert.Contains("ENTRYPOINT [\"/app/renderfarm\"]", lines);
    }

    [GeneratedRegex(@"^COPY (?!--from)(.+)$", RegexOptions.Multiline)]
    private static partial Regex Copies();
}
