using System.Text.Json;
using RenderFarm.Shared;

namespace RenderFarm.Cli.Hosting;

/// <summary>Where an embedded farm keeps its database, pictures and key. One process at a time holds it.</summary>
internal sealed class DataFolder : IDisposable
{
    public const string DatabaseFile = "farm.db";

    public const string ArtifactsFolder = "artifacts";

    private readonly FileStream _lock;

    private DataFolder(string path, FileStream held)
    {
        Path = path;
        _lock = held;
    }

    /// <summary>Absolute path.</summary>
    public string Path { get; }

    public string Database => System.IO.Path.Combine(Path, DatabaseFile);

    public string Artifacts => System.IO.Path.Combine(Path, ArtifactsFolder);

    /// <summary>Networks as they were optimised for this machine; may be deleted.</summary>
    public string Networks => System.IO.Path.Combine(Path, "networks");

    /// <summary>Models of the artifacts that a job asked for; may be deleted while no farm runs.</summary>
    public string FetchedModels => System.IO.Path.Combine(Path, "fetched");

    /// <summary>Finished pictures on their way to the artifacts.</summary>
    public string Spool => System.IO.Path.Combine(Path, "spool");

    public string KeyFile => System.IO.Path.Combine(Path, "key");

    private string AddressFile => System.IO.Path.Combine(Path, "farm.json");

    /// <summary><c>RENDERFARM_DATA</c>, or the user's own data folder.</summary>
    public static string Default() => Environment.GetEnvironmentVariable("RENDERFARM_DATA") is { Length: > 0 } named
        ? named
        : System.IO.Path.Combine(
            Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.Create), "renderfarm");

    /// <summary>Takes the folder, made if missing. Throws <see cref="DataFolderInUseException"/> when a farm runs on it.</summary>
    public static DataFolder Lock(string path)
    {
        var folder = Directory.CreateDirectory(path).FullName;
        try
        {
            return new DataFolder(folder, new FileStream(System.IO.Path.Combine(folder, "lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
        }
        catch (IOException ex) when (ex is not (DirectoryNotFoundException or FileNotFoundException))
        {
            throw new DataFolderInUseException(folder, RunningFarm(folder)?.Address, ex);
        }
    }

    /// <summary>The farm that runs on this folder now; null when none does.</summary>
    public static (Uri Address, string Key)? RunningFarm(string path)
    {
        var (addressFile, keyFile, lockFile) =
            (System.IO.Path.Combine(path, "farm.json"), System.IO.Path.Combine(path, "key"), System.IO.Path.Combine(path, "lock"));
        if (!File.Exists(addressFile) || !File.Exists(keyFile) || !IsHeld(lockFile))
        {
            return null;
        }

        try
        {
            var announced = JsonSerializer.Deserialize<Announcement>(File.ReadAllText(addressFile), FarmJson.Options);
            return announced is null ? null : (announced.Address, File.ReadAllText(keyFile).Trim());
        }
        catch (Exception ex) when (ex is JsonException or FileNotFoundException)
        {
            // It is just being written, or its farm has just ended.
            return null;
        }
    }

    /// <summary>Writes where the farm of this folder answers.</summary>
    public void Announce(Uri address)
    {
        var aside = AddressFile + ".new";
        File.WriteAllText(aside, JsonSerializer.Serialize(new Announcement(address, Environment.ProcessId), FarmJson.Options));
        File.Move(aside, AddressFile, overwrite: true);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        File.Delete(AddressFile);
        _lock.Dispose();
    }

    private static bool IsHeld(string lockFile)
    {
        try
        {
            using var free = new FileStream(lockFile, FileMode.Open, FileAccess.ReadWrite, FileShare.None);
            return false;
        }
        catch (FileNotFoundException)
        {
            return false;
        }
        catch (IOException)
        {
            return true;
        }
    }

    private sealed record Announcement(Uri Address, int ProcessId);
}

/// <summary>A farm already runs on the data folder.</summary>
internal sealed class DataFolderInUseException(string folder, Uri? address, Exception inner) : Exception(
    $"A farm already runs on the data folder {folder}{(address is null ? "" : $", at {address}")}. Use that one, or name another folder with --data or RENDERFARM_DATA.", inner);
