namespace RenderFarm.Deploy.Tests;

public sealed class ScriptTests
{
    public static TheoryData<string> Scripts =>
    [
        "renderfarm", ".ci/run", "eng/test", "eng/tools", "eng/soak", "eng/services", "eng/services.d/common.sh", "eng/services.d/compose.sh",
        "eng/services.d/postgres.sh", "eng/services.d/rabbitmq.sh", "eng/services.d/s3.sh",
    ];

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(Scripts))]
    public async Task Bash_can_read_the_script(string script)
    {
        var run = await ToolRun.StartAsync("bash", ["-n", script], cancellationToken: Cancelled);

        Assert.True(run.ExitCode == 0, run.Everything);
    }

    [Fact]
    public async Task An_unknown_test_project_is_refused_with_the_known_ones()
    {
        var run = await ToolRun.StartAsync("bash", ["eng/test", "Workers.Tests"], cancellationToken: Cancelled);

        Assert.NotEqual(0, run.ExitCode);
        Assert.Contains("no test project 'Workers.Tests'", run.Errors, StringComparison.Ordinal);
        Assert.Contains(" Worker.Tests", run.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_unknown_service_is_refused_with_the_known_ones()
    {
        var run = await ToolRun.StartAsync("bash", ["eng/services", "up", "/nonexistent", "mysql"], cancellationToken: Cancelled);

        Assert.NotEqual(0, run.ExitCode);
        Assert.Contains("unknown service 'mysql': allowed are postgres, rabbitmq and s3", run.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_launcher_says_what_is_missing_where_there_is_no_dotnet()
    {
        using var folder = new TestKit.TemporaryFolder();
        var programs = Directory.CreateDirectory(Path.Combine(folder.Path, "bin")).FullName;
        foreach (var name in new[] { "bash", "cat", "date", "dirname", "find", "mkdir", "readlink" })
        {
            File.CreateSymbolicLink(Path.Combine(programs, name), File.Exists($"/usr/bin/{name}") ? $"/usr/bin/{name}" : $"/bin/{name}");
        }

        // A copy without a build, so that this machine's own is out of reach.
        var launcher = Path.Combine(folder.Path, "renderfarm");
        File.Copy(Checkout.PathOf("renderfarm"), launcher);

        var run = await ToolRun.StartAsync(Path.Combine(programs, "bash"), [launcher], environment: new Dictionary<string, string?> { ["PATH"] = programs }, cancellationToken: Cancelled);

        Assert.Equal(1, run.ExitCode);
        Assert.Contains("needs the .NET 10 SDK", run.Errors, StringComparison.Ordinal);
    }
}
