using System.Diagnostics;
using System.Text.RegularExpressions;
using RenderFarm.TestKit.Farms;

namespace RenderFarm.Cli.Tests;

/// <summary>The commands of docs/api.md, run as a reader would run them.</summary>
public sealed partial class ApiGuideTests(RunningFarm farm)
{
    [Fact]
    public async Task The_commands_of_the_guide_run()
    {
        var guide = await File.ReadAllTextAsync(Path.Combine(Repository.Root, "docs", "api.md"), TestContext.Current.CancellationToken);
        var commands = Commands().Matches(guide).Select(match => match.Groups[1].Value).ToList();
        Assert.True(commands.Count >= 5);

        var start = new ProcessStartInfo("bash", ["-euo", "pipefail", "-c", string.Join('\n', commands)]) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["FARM"] = farm.Address.AbsoluteUri.TrimEnd('/');
        start.Environment["KEY"] = farm.Key;
        using var shell = Process.Start(start)!;
        var output = shell.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        var error = await shell.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await shell.WaitForExitAsync(TestContext.Current.CancellationToken);

        Assert.True(shell.ExitCode == 0, $"{error}\n{await output}");
        Assert.Contains("event: job", await output, StringComparison.Ordinal);
        Assert.Contains("\"state\":\"completed\"", await output, StringComparison.Ordinal);
    }

    [GeneratedRegex("^```sh\n(.*?)^```", RegexOptions.Singleline | RegexOptions.Multiline)]
    private static partial Regex Commands();
}
