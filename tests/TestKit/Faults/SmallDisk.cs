using System.Diagnostics;

namespace RenderFarm.TestKit.Faults;

/// <summary>A file system of its own of a given size, in memory, that a test fills and empties. Only root may mount one.</summary>
public sealed class SmallDisk : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    /// <param name="size">Its size, as mount has it: 64m.</param>
    /// <param name="over">A folder that lies on it from now on, with all that is in it; a new one unless given. Nobody may have a file of it open.</param>
    public SmallDisk(string size, string? over = null)
    {
        Path = over ?? _folder.File("disk");
        if (over is null)
        {
            Directory.CreateDirectory(Path);
        }

        var before = _folder.File("before");
        Run("cp", "-a", Path, before);
        Run("mount", "-t", "tmpfs", "-o", $"size={size}", "renderfarm-test", Path);
        Run("cp", "-aT", before, Path);
    }

    /// <summary>Where it is mounted.</summary>
    public string Path { get; }

    private string Ballast => System.IO.Path.Combine(Path, "ballast");

    /// <summary>Takes all of its room, also what was freed since the last time.</summary>
    public void Fill()
    {
        using var file = new FileStream(Ballast, FileMode.Append, FileAccess.Write, FileShare.None, bufferSize: 0);
        try
        {
            while (true)
            {
                file.Write(new byte[4096]);
            }
        }
        catch (IOException)
        {
        }
    }

    /// <summary>Gives it back.</summary>
    public void Empty() => File.Delete(Ballast);

    /// <inheritdoc/>
    public void Dispose()
    {
        Run("umount", "-l", Path);
        _folder.Dispose();
    }

    private static void Run(string program, params string[] arguments)
    {
        using var process = Process.Start(program, arguments);
        process.WaitForExit();
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException($"'{program} {string.Join(' ', arguments)}' failed; a small file system is mounted here, which only root may.");
        }
    }
}
