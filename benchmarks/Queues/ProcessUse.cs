using System.Globalization;

namespace RenderFarm.Benchmarks.Queues;

/// <summary>What the kernel has counted for a process.</summary>
internal static class ProcessUse
{
    // USER_HZ, which the kernel's interface fixes.
    private const double TicksPerSecond = 100;

    /// <summary>Seconds of processor time, of all its threads.</summary>
    public static double CpuSeconds(int process)
    {
        // The name in parentheses may hold spaces; utime and stime are the 14th and 15th field, see proc(5).
        var stat = File.ReadAllText($"/proc/{process}/stat");
        var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        return (double.Parse(fields[11], CultureInfo.InvariantCulture) + double.Parse(fields[12], CultureInfo.InvariantCulture)) / TicksPerSecond;
    }

    /// <summary>Seconds of processor time of all processes whose command line holds a text, such as a server's.</summary>
    public static double CpuSeconds(string commandLine) => Directory.EnumerateDirectories("/proc")
        .Select(folder => int.TryParse(Path.GetFileName(folder), CultureInfo.InvariantCulture, out var process) ? process : 0)
        .Where(process => process > 0 && IsCalled(process, commandLine))
        .Sum(CpuSeconds);

    /// <summary>Bytes of memory that are resident.</summary>
    public static long ResidentBytes(int process) =>
        long.Parse(File.ReadLines($"/proc/{process}/status").First(x => x.StartsWith("VmRSS:", StringComparison.Ordinal))[6..].Replace("kB", "", StringComparison.Ordinal).Trim(), CultureInfo.InvariantCulture) * 1024;

    private static bool IsCalled(int process, string text)
    {
        try
        {
            return File.ReadAllText($"/proc/{process}/cmdline").Contains(text, StringComparison.Ordinal);
        }
        catch (IOException)
        {
            return false;
        }
    }
}
