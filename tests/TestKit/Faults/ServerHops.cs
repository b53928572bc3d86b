using Npgsql;

namespace RenderFarm.TestKit.Faults;

/// <summary>The ways of one process to the three servers, each through a proxy of its own.</summary>
public sealed class ServerHops : IAsyncDisposable
{
    private ServerHops(TcpProxy database, TcpProxy broker, TcpProxy store) => (Database, Broker, Store) = (database, broker, store);

    public TcpProxy Database { get; }

    public TcpProxy Broker { get; }

    public TcpProxy Store { get; }

    /// <summary>Puts proxies before the servers that the settings name; the settings name the proxies then.</summary>
    public static ServerHops Insert(Dictionary<string, string> settings)
    {
        const string connectionString = "RENDERFARM__Database__ConnectionString";
        const string uri = "RENDERFARM__Bus__Uri";
        const string endpoint = "RENDERFARM__Artifacts__S3__Endpoint";
        var database = new NpgsqlConnectionStringBuilder(settings[connectionString]);
        var broker = new UriBuilder(settings[uri]);
        var store = new Uri($"http://{settings[endpoint]}");
        var hops = new ServerHops(TcpProxy.Start(database.Port), TcpProxy.Start(broker.Port), TcpProxy.Start(store.Port));
        (database.Port, broker.Port) = (hops.Database.Port, hops.Broker.Port);
        settings[connectionString] = database.ConnectionString;
        settings[uri] = broker.Uri.ToString();
        settings[endpoint] = $"127.0.0.1:{hops.Store.Port}";
        return hops;
    }

    /// <summary>Ends the faults of all three.</summary>
    public void Heal()
    {
        Database.Heal();
        Broker.Heal();
        Store.Heal();
    }

    public async ValueTask DisposeAsync()
    {
        await Database.DisposeAsync();
        await Broker.DisposeAsync();
        await Store.DisposeAsync();
    }
}
