using System.Diagnostics;

namespace RenderFarm.Worker.Rendering.Supervision;

/// <summary>How a render process is started.</summary>
/// <param name="FileName">The program.</param>
/// <param name="Arguments">Its command line.</param>
public sealed record RenderProgram(string FileName, IReadOnlyList<string> Arguments)
{
    private const string Secrets = "RENDERFARM";

    /// <summary>The program that runs now, with another command.</summary>
    public static RenderProgram OfThisProgram(string command)
    {
        var file = Environment.ProcessPath ?? throw new InvalidOperationException("The path of this program is not known.");
        return Path.GetFileNameWithoutExtension(file) == "dotnet"
            ? new RenderProgram(file, [Environment.GetCommandLineArgs()[0], command])
            : new RenderProgram(file, [command]);
    }

    /// <summary>A process that is not started yet. It has no use for the farm's settings, and none for the keys among them.</summary>
    internal Process Process()
    {
        var start = new ProcessStartInfo(FileName, Arguments) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        foreach (var name in start.Environment.Keys.Where(name => name.StartsWith(Secrets, StringComparison.OrdinalIgnoreCase)).ToList())
        {
            start.Environment.Remove(name);
        }

        return new Process { StartInfo = start };
    }
}
