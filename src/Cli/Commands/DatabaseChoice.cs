using System.CommandLine;
using Microsoft.Extensions.Configuration;
using RenderFarm.Cli.Hosting;
using RenderFarm.Coordinator.Database;
using RenderFarm.ServiceDefaults.Hosting;

namespace RenderFarm.Cli.Commands;

/// <summary>Which database a command works on: the one of a data folder that is named, the configured one, or the one of the usual data folder.</summary>
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

    public DatabaseOptions Read(ParseResult line)
    {
        var section = new ConfigurationBuilder().AddFarmConfiguration([.. line.UnmatchedTokens]).Build().GetSection(DatabaseOptions.Section);
        var named = line.GetValue(_data);
        return named is null && section.Exists() ? section.Get<DatabaseOptions>()! : Of(Path.GetFullPath(named ?? DataFolder.Default()));
    }

    private static DatabaseOptions Of(string folder)
    {
        var file = Path.Combine(folder, DataFolder.DatabaseFile);
        return File.Exists(file)
            ? new DatabaseOptions { Provider = DatabaseProvider.Sqlite, ConnectionString = $"Data Source={file}" }
            : throw new UserError($"No database is configured and there is no farm in {folder}: set Database:Provider and Database:ConnectionString (RENDERFARM__Database__ConnectionString), or name a data folder with --data.");
    }
}
