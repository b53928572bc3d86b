using System.Diagnostics;

namespace RenderFarm.Deploy.Tests;

/// <summary>What a program answered.</summary>
internal sealed record ToolRun(int ExitCode, string Output, string Errors)
{
    /// <summary>Everything it printed, for the message of a failed assertion.</summary>
    public string Everything => $"exit code {ExitCode}\n{Output}\n{Errors}";

    /// <summary>Runs <paramref name="program"/> (which may carry a first argument, as in "docker compose") in the repository's root.</summary>
    public static async Task<ToolRun> StartAsync(
        string program,
        IEnumerable<string> arguments,
        string input = "",
        IReadOnlyDictionary<string, string?>? environment = null,
        CancellationToken cancellationToken = default)
    {
        var words = program.Split(' ');
        var start = new ProcessStartInfo(words[0], [.. words.Skip(1), .. arguments])
        {
            WorkingDirectory = Checkout.Root,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (name, value) in environment ?? new Dictionary<string, string?>())
        {
            start.Environment[name] = value;
        }

        using var process = Process.Start(start) ?? throw new InvalidOperationException($"{program} did not start.");
        var output = process.StandardOutput.ReadToEndAsync(cancellationToken);
        var errors = process.StandardError.ReadToEndAsync(cancellationToken);
        await process.StandardInput.WriteAsync(input.AsMemory(), cancellationToken);
        process.StandardInput.Close();
        await process.WaitForExitAsync(cancellationToken);
        return new ToolRun(process.ExitCode, await output, await errors);
    }
}
