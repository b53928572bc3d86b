using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using RenderFarm.TestKit.Farms;

namespace RenderFarm.TestKit.Services;

/// <summary>An empty RabbitMQ virtual host of its own for a test class, deleted with its queues when disposed.</summary>
public sealed class TestRabbitMq : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private readonly HttpClient _management;

    private TestRabbitMq(HttpClient management, Uri server, string virtualHost)
    {
        _management = management;
        VirtualHost = virtualHost;
        Uri = new Uri(server, $"/{virtualHost}");
    }

    public string VirtualHost { get; }

    /// <summary>amqp://user:password@host:port/virtual-host</summary>
    public Uri Uri { get; }

    public static Task<TestRabbitMq> CreateVirtualHostAsync(CancellationToken cancellationToken = default) => CreateVirtualHostAsync(null, null, cancellationToken);

    /// <summary>On the servers of the test run, unless others are named.</summary>
    public static async Task<TestRabbitMq> CreateVirtualHostAsync(Uri? ownServer, Uri? ownManagement, CancellationToken cancellationToken)
    {
        var server = ownServer ?? new Uri(TestEnvironment.Require("RENDERFARM_TEST_RABBITMQ"));
        var management = new HttpClient
        {
            BaseAddress = ownManagement ?? new Uri(TestEnvironment.Require("RENDERFARM_TEST_RABBITMQ_MANAGEMENT")),
            DefaultRequestHeaders =
            {
                Authorization = new AuthenticationHeaderValue(
                    "Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes(Uri.UnescapeDataString(server.UserInfo)))),
            },
        };
        var broker = new TestRabbitMq(management, server, TestEnvironment.NewName("test-"));
        await broker.AddVirtualHostAsync(cancellationToken);
        return broker;
    }

    /// <summary>Ends every connection and forgets every queue, exchange and message, as a broker does whose data folder was deleted.</summary>
    public async Task WipeAsync(CancellationToken cancellationToken)
    {
        using var response = await _management.DeleteAsync(new Uri($"/api/vhosts/{VirtualHost}", UriKind.Relative), cancellationToken);
        response.EnsureSuccessStatusCode();
        await AddVirtualHostAsync(cancellationToken);
    }

    /// <summary>Closes every connection of this virtual host, as a restarting broker would; clients may connect again at once.</summary>
    public async Task<int> CloseConnectionsAsync(CancellationToken cancellationToken = default)
    {
        var connections = await _management.GetFromJsonAsync<Connection[]>(
            $"/api/vhosts/{VirtualHost}/connections", cancellationToken) ?? [];
        foreach (var connection in connections)
        {
            using var response = await _management.DeleteAsync(
                new Uri($"/api/connections/{Uri.EscapeDataString(connection.Name)}", UriKind.Relative), cancellationToken);
        }

        return connections.Length;
    }

    public async Task<string> VersionAsync(CancellationToken cancellationToken) =>
        (await _management.GetFromJsonAsync<JsonElement>("/api/overview", cancellationToken)).GetProperty("rabbitmq_version").GetString()!;

    /// <summary>Messages that were published into this virtual host so far; seconds old.</summary>
    public async Task<long> PublishedAsync(CancellationToken cancellationToken)
    {
        var host = await _management.GetFromJsonAsync<JsonElement>($"/api/vhosts/{VirtualHost}", cancellationToken);
        return host.TryGetProperty("message_stats", out var stats) && stats.TryGetProperty("publish", out var published) ? published.GetInt64() : 0;
    }

    public async ValueTask DisposeAsync()
    {
        await Eventually.IsAsync(RemoveAsync, status => status is HttpStatusCode.NoContent or HttpStatusCode.NotFound, Patience, explain: null, CancellationToken.None);
        _management.Dispose();
    }

    /// <summary>Makes the virtual host, also again on a broker whose data was wiped.</summary>
    public async Task AddVirtualHostAsync(CancellationToken cancellationToken)
    {
        await PutAsync($"/api/vhosts/{VirtualHost}", new { }, cancellationToken);
        await PutAsync($"/api/permissions/{VirtualHost}/{Uri.UnescapeDataString(Uri.UserInfo.Split(':')[0])}", new { configure = ".*", write = ".*", read = ".*" }, cancellationToken);
    }

    private async Task<HttpStatusCode> RemoveAsync()
    {
        using var response = await _management.DeleteAsync(new Uri($"/api/vhosts/{VirtualHost}", UriKind.Relative));
        return response.StatusCode;
    }

    // A busy broker may give up on a virtual host that does not start within a few seconds; asking again goes on with the same one.
    private async Task PutAsync(string path, object body, CancellationToken cancellationToken) => await Eventually.IsAsync(
        async () =>
        {
            using var response = await _management.PutAsJsonAsync(path, body, cancellationToken);
            return (response.StatusCode, Said: await response.Content.ReadAsStringAsync(cancellationToken));
        },
        answer => answer.StatusCode is HttpStatusCode.Created or HttpStatusCode.NoContent, Patience, explain: null, cancellationToken);

    private sealed record Connection(string Name);
}
