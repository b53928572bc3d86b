using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Http;

namespace RenderFarm.Cli.Hosting;

/// <summary>Checks the addresses that a process is to answer at; the web server would tell of a taken port in thirty lines.</summary>
internal static class Addresses
{
    /// <summary>Throws a line that names the setting when one of them is wrong or taken.</summary>
    /// <param name="urls">Addresses, joined by ';'.</param>
    /// <param name="setting">Where they come from, for example <c>Coordinator:Urls</c>.</param>
    public static void RequireFree(string urls, string setting)
    {
        foreach (var url in urls.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            var address = Parse(url, setting);
            try
            {
                using var probe = new TcpListener(HostOf(address), address.Port);
                probe.Start();
            }
            catch (SocketException fault)
            {
                throw new UserError($"{setting} is {url}, which cannot be used ({fault.Message}): choose another port, or stop the program that has it.", fault);
            }
        }
    }

    private static BindingAddress Parse(string url, string setting)
    {
        try
        {
            return BindingAddress.Parse(url);
        }
        catch (FormatException fault)
        {
            throw new UserError($"{setting} is '{url}', which is no address; allowed: addresses such as http://0.0.0.0:8080, joined by ';'.", fault);
        }
    }

    private static IPAddress HostOf(BindingAddress address) => address.Host switch
    {
        "localhost" => IPAddress.Loopback,
        var host when IPAddress.TryParse(host, out var ip) => ip,
        // Any other name listens everywhere.
        _ => IPAddress.Any,
    };
}
