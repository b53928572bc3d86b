using System.Text;

namespace RenderFarm.Coordinator.Access;

/// <summary>The embedded farm's key, kept in its data folder where only its owner can read it.</summary>
public static class KeyFile
{
    /// <summary>Reads the key, or makes one on first use.</summary>
    public static string ReadOrCreate(string path)
    {
        if (!File.Exists(path))
        {
            Create(path);
        }

        var key = File.ReadAllText(path).Trim();
        return key.Length >= AccessOptions.MinKeyLength && !ApiKey.IsDamaged(key)
            ? key
            : throw new InvalidDataException($"The key file {path} is damaged; delete it to get a new key.");
    }

    /// <summary>Written aside and renamed: a program that reads at the same moment sees a whole key or none.</summary>
    private static void Create(string path)
    {
        var aside = $"{path}.{Environment.ProcessId}";
        File.Delete(aside);
        using (var stream = new FileStream(aside, OwnerOnly()))
        {
            stream.Write(Encoding.ASCII.GetBytes(ApiKey.Generate()));
        }

        try
        {
            File.Move(aside, path, overwrite: false);
        }
        catch (IOException) when (File.Exists(path))
        {
            File.Delete(aside);
        }
    }

    private static FileStreamOptions OwnerOnly()
    {
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        return options;
    }
}
