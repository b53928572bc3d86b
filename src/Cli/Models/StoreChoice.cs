using System.CommandLine;
using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Configuration;
using RenderFarm.Cli.Hosting;
using RenderFarm.ServiceDefaults.Artifacts;
using RenderFarm.ServiceDefaults.Hosting;

namespace RenderFarm.Cli.Models;

/// <summary>Which artifact store a command works on: that of a data folder that is named, the configured one, or that of the usual data folder.</summary>
internal sealed class StoreChoice
{
    private readonly Option<string?> _data = new("--data") { Description = "Data folder of a farm on this machine", HelpName = "DIR" };

    public static StoreChoice AddTo(Command command)
    {
        var choice = new StoreChoice();
        command.Add(choice._data);
        command.TreatUnmatchedTokensAsErrors = false;
        return choice;
    }

    public IArtifactStore Open(ParseResult line)
    {
        var configured = new ConfigurationBuilder().AddFarmConfiguration([.. line.UnmatchedTokens]).Build().GetSection("Artifacts");
        return Open(line.GetValue(_data) is null && configured.Exists()
            ? configured.Get<ArtifactsOptions>() ?? new ArtifactsOptions()
            : new ArtifactsOptions { Folder = Path.Combine(DataFolderOf(line), DataFolder.ArtifactsFolder) });
    }

    public string DataFolderOf(ParseResult line) => Path.GetFullPath(line.GetValue(_data) ?? DataFolder.Default());

    /// <summary>The store that the options describe, when they are right.</summary>
    public static IArtifactStore Open(ArtifactsOptions options)
    {
        var problems = new List<ValidationResult>();
        return Validator.TryValidateObject(options, new ValidationContext(options), problems, validateAllProperties: true)
            ? ArtifactStores.Open(options, TimeProvider.System)
            : throw new UserError(string.Join(' ', problems.Select(problem => problem.ErrorMessage)));
    }
}
