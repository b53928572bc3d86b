using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Npgsql;
using RenderFarm.ServiceDefaults.Artifacts;
using RenderFarm.TestKit.Farms;
using RenderFarm.TestKit.Services;

namespace RenderFarm.Soak;

/// <summary>The servers that <c>eng/services</c> started for this run alone, and what can happen to them.</summary>
internal sealed class Servers : IAsyncDisposable
{
    public const string Postgres = "postgres";
    public const string RabbitMq = "rabbitmq";
    public const string S3 = "s3";

    // Connections of this name are not the farm's.
    private const string Observer = "observer";
    private readonly string _folder;
    private readonly HttpClient _management;

    public Servers(string folder)
    {
        _folder = folder;
        Broker = new Uri(TestEnvironment.Require("RENDERFARM_TEST_RABBITMQ"));
        _management = new HttpClient { BaseAddress = new Uri(TestEnvironment.Require("RENDERFARM_TEST_RABBITMQ_MANAGEMENT")), Timeout = TimeSpan.FromSeconds(5) };
        _management.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes(Broker.UserInfo)));
        Database = new NpgsqlConnectionStringBuilder(TestEnvironment.Require("RENDERFARM_TEST_POSTGRES"));
        var observer = new NpgsqlConnectionStringBuilder(Database.ConnectionString) { ApplicationName = Observer, MaxPoolSize = 4, Timeout = 5, CommandTimeout = 120 };
        Rows = NpgsqlDataSource.Create(observer.ConnectionString);
        Store = new S3Options
        {
            Endpoint = TestEnvironment.Require("RENDERFARM_TEST_S3_ENDPOINT"),
            AccessKey = TestEnvironment.Require("RENDERFARM_TEST_S3_ACCESS_KEY"),
            SecretKey = TestEnvironment.Require("RENDERFARM_TEST_S3_SECRET_KEY"),
            Region = TestEnvironment.Require("RENDERFARM_TEST_S3_REGION"),
            Bucket = TestEnvironment.Require("RENDERFARM_TEST_S3_BUCKET"),
            UseTls = false,
        };
    }

    /// <summary>How the farm finds its database, without a fault between.</summary>
    public NpgsqlConnectionStringBuilder Database { get; }

    /// <summary>How the farm finds its broker, without a fault between.</summary>
    public Uri Broker { get; }

    /// <summary>How the farm finds its store, without a fault between.</summary>
    public S3Options Store { get; }

    /// <summary>The farm's rows, seen past all faults but those of the database itself.</summary>
    public NpgsqlDataSource Rows { get; }

    public int PortOf(string server) => server switch
    {
        Postgres => Database.Port,
        RabbitMq => Broker.Port,
        S3 => int.Parse(Store.Endpoint.Split(':')[1], CultureInfo.InvariantCulture),
        _ => throw new ArgumentOutOfRangeException(nameof(server), server, $"Known servers are {Postgres}, {RabbitMq} and {S3}."),
    };

    /// <summary>SIGKILL; of the store, to the gateway that everybody talks to.</summary>
    public Task CrashAsync(string server) => ServicesAsync("crash", _folder, server == S3 ? "s3.gateway" : server);

    /// <summary>Starts it; returns when it answers.</summary>
    public Task StartAsync(string server) => ServicesAsync("up", _folder, server);

    /// <summary>Deletes all that a killed broker has kept.</summary>
    public async Task WipeBrokerAsync()
    {
        var root = (await File.ReadAllTextAsync(Path.Combine(_folder, "root"))).Trim();
        var kept = Path.Combine(root, "rabbitmq", "mnesia");
        foreach (var entry in Directory.EnumerateFileSystemEntries(kept))
        {
            if (Directory.Exists(entry))
            {
                Directory.Delete(entry, recursive: true);
            }
            else
            {
                File.Delete(entry);
            }
        }
    }

    /// <summary>Ends sessions of the farm's on the database; the answer is how many.</summary>
    public async Task<int> TerminateBackendsAsync(int most, CancellationToken cancellationToken)
    {
        await using var command = Rows.CreateCommand(
            "SELECT count(pg_terminate_backend(pid))::int FROM (SELECT pid FROM pg_stat_activity WHERE usename = 'farm' AND application_name <> $1 ORDER BY random() LIMIT $2) x");
        command.Parameters.Add(new NpgsqlParameter { Value = Observer });
        command.Parameters.Add(new NpgsqlParameter { Value = most });
        return (int)(await command.ExecuteScalarAsync(cancellationToken))!;
    }

    /// <summary>Closes all connections to the broker, as a node that leaves its cluster does.</summary>
    public async Task CloseBrokerConnectionsAsync(CancellationToken cancellationToken)
    {
        var connections = await _management.GetFromJsonAsync<JsonElement[]>("/api/connections", cancellationToken) ?? [];
        foreach (var name in connections.Select(connection => connection.GetProperty("name").GetString()!))
        {
            using var response = await _management.DeleteAsync(new Uri($"/api/connections/{Uri.EscapeDataString(name)}", UriKind.Relative), cancellationToken);
        }
    }

    /// <summary>Names and versions.</summary>
    public async Task<string> VersionsAsync(CancellationToken cancellationToken)
    {
        await using var connection = await Rows.OpenConnectionAsync(cancellationToken);
        var overview = await _management.GetFromJsonAsync<JsonElement>("/api/overview", cancellationToken);
        using var http = new HttpClient();
        using var answer = await http.GetAsync(new Uri($"http://{Store.Endpoint}/"), cancellationToken);
        var store = answer.Headers.TryGetValues("Server", out var names) ? string.Join(' ', names) : "S3";
        return $"PostgreSQL {connection.PostgreSqlVersion}, RabbitMQ {overview.GetProperty("rabbitmq_version").GetString()}, {store}";
    }

    public async ValueTask DisposeAsync()
    {
        await Rows.DisposeAsync();
        _management.Dispose();
    }

    private static async Task ServicesAsync(params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(Path.Combine(Repository.Root, "eng", "services"), arguments) { RedirectStandardError = true, RedirectStandardOutput = true })!;
        // A server that it starts inherits the pipes, so their end is not waited for.
        var said = new StringBuilder();
        process.ErrorDataReceived += (_, line) => Keep(said, line.Data);
        process.OutputDataReceived += (_, line) => Keep(said, line.Data);
        process.BeginErrorReadLine();
        process.BeginOutputReadLine();
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        process.Exited += (_, _) => ended.TrySetResult();
        process.EnableRaisingEvents = true;
        await ended.Task;
        if (process.ExitCode != 0)
        {
            lock (said)
            {
                throw new InvalidOperationException($"'eng/services {string.Join(' ', arguments)}' failed:\n{said}");
            }
        }
    }

    private static void Keep(StringBuilder said, string? line)
    {
        lock (said)
        {
            said.AppendLine(line);
        }
    }
}
