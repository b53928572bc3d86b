using System.CommandLine;
using RenderFarm.Cli.Output;
using Spectre.Console.Testing;

namespace RenderFarm.Cli.Tests;

public sealed class FarmProgramTests
{
    [Theory]
    [InlineData("render", "Required argument 'prompt' missing for command: 'render'.")]
    [InlineData("models|push|x|--vea|clear.safetensors", "Unknown option '--vea'. What starts with -- and is no option goes after a lone --.")]
    [InlineData("worker|--slots=2", "Unknown option '--slots'. What starts with -- and is no option goes after a lone --.")]
    [InlineData("render|--stepz|4", "Unknown option '--stepz'. What starts with -- and is no option goes after a lone --.")]
    [InlineData("render|a|--steps|many", "Cannot parse argument 'many' for option '--steps': it must be a whole number.")]
    [InlineData("render|a|--guidance|high", "Cannot parse argument 'high' for option '--guidance': it must be a number.")]
    [InlineData("watch|seven", "Cannot parse argument 'seven' for command 'watch': it must be an id such as 0193a5d2-7c00-7000-8000-000000000001.")]
    [InlineData("jobs|--state|done", "Cannot parse argument 'done' for option '--state': it must be queued, running, paused, completed, failed or cancelled.")]
    [InlineData("simulate|--frame-time|soon", "--frame-time is 'soon'; allowed: 0ms to 3600s, such as 30ms or 1.5s.")]
    [InlineData("simulate|--workers|0", "--workers is 0; allowed: 1 to 4096.")]
    [InlineData("dance", "Required command was not provided.|Unrecognized command or argument 'dance'.")]
    public async Task A_wrong_command_line_is_told_in_a_line_and_does_nothing(string arguments, string messages)
    {
        var (code, line) = await CommandLine.RunAsync(arguments.Split('|'));

        Assert.Equal(ExitCodes.Usage, code);
        Assert.Equal([.. messages.Split('|')], line.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries)[..^1]);
        Assert.Empty(line.Out);
    }

    [Fact]
    public async Task Every_command_has_help_with_examples_that_parse()
    {
        var commands = Commands(FarmProgram.Root(Quiet()), []).ToList();

        Assert.True(commands.Count >= 16);
        foreach (var (path, command) in commands)
        {
            Assert.False(string.IsNullOrEmpty(command.Description));
            var examples = CommandExamples.Of(command);
            Assert.NotEmpty(examples);
            var (code, help) = await CommandLine.RunAsync([.. path, "--help"]);
            Assert.Equal(ExitCodes.Done, code);
            Assert.All(examples, example => Assert.Contains(example, help.Out, StringComparison.Ordinal));
            foreach (var example in examples.Where(example => example.StartsWith("renderfarm ", StringComparison.Ordinal)))
            {
                var line = FarmProgram.Root(Quiet()).Parse(example["renderfarm ".Length..]);
                Assert.True(line.Errors.Count == 0, $"{example}: {string.Join(' ', line.Errors)}");
                Assert.NotEqual("renderfarm", line.CommandResult.Command.Name);
            }
        }
    }

    [Theory]
    [InlineData("jobs")]
    [InlineData("workers")]
    [InlineData("models|list")]
    [InlineData("watch|0193a5d2-7c00-7000-8000-000000000001")]
    public async Task Without_a_farm_the_ways_to_one_are_told(string arguments)
    {
        var (code, line) = await CommandLine.RunAsync([.. arguments.Split('|'), "--data", "/nowhere"]);

        Assert.Equal(ExitCodes.Failed, code);
        Assert.StartsWith("There is no farm to talk to: start one with 'renderfarm up', or name one with --url and --key", line.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--url|nonsense|--key|k", "The farm's address must be like http://host:8080; --url or RENDERFARM_URL is 'nonsense'.")]
    [InlineData("--url|ftp://host|--key|k", "The farm's address must be like http://host:8080; --url or RENDERFARM_URL is 'ftp://host'.")]
    [InlineData("--url|http://127.0.0.1:1", "The farm at http://127.0.0.1:1/ wants its key: pass --key or set RENDERFARM_KEY.")]
    [InlineData("--url|http://127.0.0.1:1|--key|k", "The farm at http://127.0.0.1:1/ cannot be reached: Connection refused (127.0.0.1:1)")]
    public async Task A_farm_that_cannot_be_used_is_named(string arguments, string message)
    {
        var (code, line) = await CommandLine.RunAsync(["jobs", .. arguments.Split('|')]);

        Assert.Equal((ExitCodes.Failed, message), (code, line.Error.Trim()));
    }

    [Fact]
    public async Task A_key_of_another_farm_is_refused_with_the_reason()
    {
        var (_, first) = await CommandLine.RunAsync(["key"]);
        var (_, second) = await CommandLine.RunAsync(["key"]);

        Assert.Matches("^rf_[A-Za-z0-9_-]{49}$", first.Lines.Single());
        Assert.NotEqual(first.Out, second.Out);
    }

    [Theory]
    [InlineData("coordinator|--Access:Key=short", "Access:Key (RENDERFARM__Access__Key) must have at least 32 characters; it has 5. 'renderfarm key' prints a new one.")]
    [InlineData("worker|--Worker:Models=/nowhere", "Worker:Models (RENDERFARM__Worker__Models) is '/nowhere', which is not there; allowed: a folder whose subfolders and .safetensors files are models.")]
    public async Task A_host_with_a_wrong_setting_does_not_start_and_names_the_key(string arguments, string message)
    {
        var (code, line) = await CommandLine.RunAsync(arguments.Split('|'));

        Assert.Equal((ExitCodes.Failed, message), (code, line.Error.Trim()));
    }

    private static Terminal Quiet() => new(new TestConsole(), new TestConsole(), Stream.Null, HasBars: false);

    private static IEnumerable<(string[] Path, Command Command)> Commands(Command command, string[] path)
    {
        yield return (path, command);
        foreach (var sub in command.Subcommands.SelectMany(sub => Commands(sub, [.. path, sub.Name])))
        {
            yield return sub;
        }
    }
}
