using System.CommandLine;

namespace RenderFarm.Cli.Farms;

/// <summary>Options that say which farm a command talks to.</summary>
internal sealed class FarmOptions
{
    private readonly Option<string?> _url = new("--url") { Description = "Address of the farm [RENDERFARM_URL]", HelpName = "URL" };
    private readonly Option<string?> _key = new("--key") { Description = "Key of the farm [RENDERFARM_KEY]", HelpName = "KEY" };
    private readonly Option<string?> _data = new("--data") { Description = "Data folder of the farm on this machine [RENDERFARM_DATA]", HelpName = "DIR" };

    public static FarmOptions AddTo(Command command)
    {
        var options = new FarmOptions();
        command.Add(options._url);
        command.Add(options._key);
        command.Add(options._data);
        return options;
    }

    /// <summary>The configured farm; null when none is.</summary>
    public (Uri Address, string Key)? Configured(ParseResult line)
    {
        var url = line.GetValue(_url) ?? Variable("RENDERFARM_URL");
        var key = line.GetValue(_key) ?? Variable("RENDERFARM_KEY");
        if (url is null)
        {
            return null;
        }

        if (!Uri.TryCreate(url, UriKind.Absolute, out var address) || address.Scheme is not ("http" or "https"))
        {
            throw new UserError($"The farm's address must be like http://host:8080; --url or RENDERFARM_URL is '{url}'.");
        }

        return (address, key ?? throw new UserError($"The farm at {address} wants its key: pass --key or set RENDERFARM_KEY."));
    }

    public string DataFolder(ParseResult line) => Path.GetFullPath(line.GetValue(_data) ?? Hosting.DataFolder.Default());

    private static string? Variable(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;
}
