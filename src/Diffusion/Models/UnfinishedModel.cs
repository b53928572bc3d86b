using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;

namespace RenderFarm.Diffusion.Models;

/// <summary>The name that a model's folder has while a process makes it, so that the folder is there whole or not at all.</summary>
public static partial class UnfinishedModel
{
    /// <summary>Where this process makes a folder.</summary>
    public static string Of(string folder) => $"{folder}.{Environment.ProcessId}.part";

    /// <summary>Whether a folder is one that is being made, or was when its process ended.</summary>
    public static bool Is(string folder) => Name().IsMatch(Path.GetFileName(folder));

    /// <summary>Removes what processes left that ended while they made a model in this folder.</summary>
    public static void RemoveAbandoned(string models)
    {
        foreach (var folder in Directory.EnumerateDirectories(models).Where(IsAbandoned))
        {
            try
            {
                Directory.Delete(folder, recursive: true);
            }
            catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
            {
                // Another user's, or another process is faster.
            }
        }
    }

    /// <summary>Numbers come again: a folder of this process's own, which has made none yet, is of an earlier one.</summary>
    private static bool IsAbandoned(string folder) =>
        Name().Match(Path.GetFileName(folder)) is { Success: true } match
        && int.TryParse(match.Groups[1].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture, out var process)
        && (process == Environment.ProcessId || !IsRunning(process));

    private static bool IsRunning(int process)
    {
        try
        {
            using var found = Process.GetProcessById(process);
            return true;
        }
        catch (ArgumentException)
        {
            return false;
        }
    }

    [GeneratedRegex("\\.([0-9]+)\\.part$")]
    private static partial Regex Name();
}
