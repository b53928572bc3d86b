using System.Text;
using RenderFarm.Cli.Output;
using Spectre.Console.Testing;

namespace RenderFarm.Cli.Tests;

/// <summary>Runs the program inside the test and keeps what it prints.</summary>
internal sealed class CommandLine
{
    private readonly TestConsole _out = Wide();
    private readonly TestConsole _error = Wide();

    public string Out => _out.Output;

    public string Error => _error.Output;

    public IReadOnlyList<string> Lines => Out.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    public static async Task<(int Code, CommandLine Line)> RunAsync(string[] arguments, string input = "", CancellationToken? cancellationToken = null)
    {
        var line = new CommandLine();
        return (await line.StartAsync(arguments, input, cancellationToken ?? TestContext.Current.CancellationToken), line);
    }

    public Task<int> StartAsync(string[] arguments, string input, CancellationToken cancellationToken) =>
        FarmProgram.RunAsync(arguments, new Terminal(_out, _error, new MemoryStream(Encoding.UTF8.GetBytes(input)), HasBars: false), cancellationToken);

    private static TestConsole Wide()
    {
        var console = new TestConsole();
        console.Profile.Width = 1000;
        return console;
    }
}
