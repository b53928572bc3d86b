using System.CommandLine;
using Microsoft.Extensions.Configuration;
using RenderFarm.Cli.Hosting;
using RenderFarm.Cli.Models;
using RenderFarm.Coordinator.Database;
using RenderFarm.Coordinator.Upkeep;
using RenderFarm.ServiceDefaults.Artifacts;
using RenderFarm.ServiceDefaults.Hosting;

namespace RenderFarm.Cli.Commands;

/// <summary>Which database, and which artifacts, a command works on: those of a data folder that is named, the configured ones, or those of the usual data folder.</summary>
internal sealed class DatabaseChoice
{
    private readonly Option<string?> _data = new("--data") { Description = "Data folder of a farm on this machine", HelpName = "DIR" };

    public static DatabaseChoice AddTo(Command command)
    {
        var choice = new DatabaseChoice();
        command.Add(choice._data);
        command.TreatUnmatchedTokensAsErrors = false;
        return choice;
    }

    public DatabaseOptions Read(ParseResult line) =>
        Configured(line) is { } configured ? configured.GetSection(DatabaseOptions.Section).Get<DatabaseOptions>()! : Of(FolderOf(line));

    /// <summary>The artifact store that goes with the database.</summary>
    public IArtifactStore Store(ParseResult line)
    {
        var options = Configured(line) is { } configured
            ? configured.GetSection("Artifacts").Get<ArtifactsOptions>() ?? new ArtifactsOptions()
            : new ArtifactsOptions { Folder = Path.Combine(FolderOf(line), DataFolder.ArtifactsFolder) };
        return StoreChoice.Open(options);
    }

    /// <summary>How long the farm keeps ended jobs, where that is configured.</summary>
    public TimeSpan? RetainJobs(ParseResult line) => Configured(line)?.GetSection(UpkeepOptions.Section).Get<UpkeepOptions>()?.RetainJobs;

    /// <summary>The settings; null where a data folder is meant.</summary>
    private IConfiguration? Configured(ParseResult line)
    {
        var configuration = new ConfigurationBuilder().AddFarmConfiguration([.. line.UnmatchedTokens]).Build();
        return line.GetValue(_data) is null && configuration.GetSection(DatabaseOptions.Section).Exists() ? configuration : null;
    }

    private string FolderOf(ParseResult line) => Path.GetFullPath(line.GetValue(_data) ?? DataFolder.Default());

    private static DatabaseOptions Of(string folder)
    {
        var file = Path.Combine(folder, DataFolder.DatabaseFile);
        return File.Exists(file)
            ? new DatabaseOptions { Provider = DatabaseProvider.Sqlite, ConnectionString = $"Data Source={file}" }
            : throw new UserError($"No database is configured and there is no farm in {folder}: set Database:Provider and Database:ConnectionString (RENDERFARM__Database__ConnectionString), or name a data folder with --data.");
    }
}
