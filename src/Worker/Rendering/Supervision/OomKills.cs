using System.Globalization;

namespace RenderFarm.Worker.Rendering.Supervision;

/// <summary>How often the kernel has killed for want of memory in the control group that a process is in.</summary>
/// <param name="File">Where the kernel counts; null where it does not, or is no Linux.</param>
/// <param name="Count">The count when it was read.</param>
internal sealed record OomKills(string? File, long Count)
{
    private const string Root = "/sys/fs/cgroup";

    /// <summary>The count of a living process's group.</summary>
    public static OomKills Of(int process)
    {
        try
        {
            var file = System.IO.File.ReadLines($"/proc/{process}/cgroup").Select(CounterOf).FirstOrDefault(System.IO.File.Exists);
            return new OomKills(file, Read(file) ?? 0);
        }
        catch (Exception ex) when (ex is IOException or UnauthorizedAccessException)
        {
            return new OomKills(null, 0);
        }
    }

    /// <summary>Whether there have been more since.</summary>
    public bool HaveRisen => Read(File) > Count;

    // "0::/path" is the one hierarchy of version 2, "4:memory:/path" one of several of version 1.
    private static string? CounterOf(string line) => line.Split(':', 3) switch
    {
        [_, "", var path] => Path.Join(Root, path, "memory.events"),
        [_, "memory", var path] => Path.Join(Root, "memory", path, "memory.oom_control"),
        _ => null,
    };

    private static long? Read(string? file)
    {
        try
        {
            return file is null ? null : System.IO.File.ReadLines(file).Select(line => line.Split(' ')).Where(words => words is ["oom_kill", _])
                .Select(words => long.Parse(words[1], CultureInfo.InvariantCulture)).FirstOrDefault();
        }
        catch (Exception ex) when (ex is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
