using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using RenderFarm.TestKit.Farms;
using RenderFarm.TestKit.Services;

namespace RenderFarm.EndToEnd;

/// <summary>A coordinator starts before the servers that it needs, in any order.</summary>
public sealed class StartOrderTests(ServersFixture servers) : IClassFixture<ServersFixture>
{
    private static readonly TimeSpan StartsWithin = TimeSpan.FromMinutes(3);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Without_any_server_it_answers_at_once_and_says_once_what_it_waits_for()
    {
        var settings = servers.Farm.Settings;
        settings["RENDERFARM__Database__ConnectionString"] = "Host=127.0.0.1;Port=1;Username=farm;Password=secret-word;Database=farm";
        settings["RENDERFARM__Bus__Uri"] = "amqp://farm:secret-word@127.0.0.1:1/";
        settings["RENDERFARM__Artifacts__S3__Endpoint"] = "127.0.0.1:1";
        var (process, http) = Start(settings);
        await using var _ = process;
        using var __ = http;

        await AnswersAsync(http, "healthz", HttpStatusCode.OK, process);
        await ReadyzSaysAsync(http, "database: The PostgreSQL database 'farm' at 127.0.0.1:1 cannot be reached", process);
        await ReadyzSaysAsync(http, "broker: The broker at 127.0.0.1:1 ", process);
        await ReadyzSaysAsync(http, "artifact store: Cannot write a test object on the S3 server 127.0.0.1:1", process);
        await AnswersAsync(http, "v1/jobs", HttpStatusCode.ServiceUnavailable, process);

        process.Terminate();
        Assert.Equal(0, await process.ExitAsync(StartsWithin, Cancellation));
        SaysOncePerReason(process, "Waiting for the database", "The PostgreSQL database");
        SaysOncePerReason(process, "Waiting for the broker", "The broker at");
        SaysOncePerReason(process, "Waiting for the artifact store", "Cannot write");

        Assert.DoesNotContain("secret-word", process.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", process.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Before_the_migration_it_waits_and_tells_how()
    {
        await using var database = await TestPostgres.CreateDatabaseAsync(Cancellation);
        var settings = servers.Farm.Settings;
        settings["RENDERFARM__Database__ConnectionString"] = database.ConnectionString;
        var (process, http) = Start(settings);
        await using var _ = process;
        using var __ = http;
        await ReadyzSaysAsync(http, "Run `renderfarm migrate`.", process);
        await AnswersAsync(http, "v1/jobs", HttpStatusCode.ServiceUnavailable, process);

        await using (var migrate = FarmProcess.Start(Repository.Root, settings, "migrate"))
        {
            Assert.Equal(0, await migrate.ExitAsync(StartsWithin, Cancellation));
        }

        await AnswersAsync(http, "readyz", HttpStatusCode.OK, process);
        await AnswersAsync(http, "v1/jobs", HttpStatusCode.OK, process);
    }

    /// <summary>It says what it waits for and why, and says it again only when the reason has changed: on a busy machine that may be a look without an answer in time.</summary>
    internal static void SaysOncePerReason(FarmProcess process, string what, string reason)
    {
        var said = process.Output.Split('\n').Where(x => x.Contains(what, StringComparison.Ordinal)).Select(x => x[x.IndexOf(what, StringComparison.Ordinal)..]).ToList();
        Assert.Contains(said, x => x.Contains(reason, StringComparison.Ordinal));
        Assert.DoesNotContain(said.Zip(said.Skip(1)), x => x.First == x.Second);
    }

    private (FarmProcess Process, HttpClient Http) Start(Dictionary<string, string> settings)
    {
        var address = FreePort.Address();
        settings["RENDERFARM__Coordinator__Urls"] = address.ToString();
        var http = new HttpClient { BaseAddress = address };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", servers.Farm.Key);
        return (FarmProcess.Start(Repository.Root, settings, "coordinator"), http);
    }

    private static Task<string?> ReadyzSaysAsync(HttpClient http, string what, FarmProcess process) => Eventually.IsAsync(
        async () =>
        {
            using var response = await http.GetAsync(new Uri("readyz", UriKind.Relative), Cancellation);
            return (await response.Content.ReadFromJsonAsync<JsonElement>(Cancellation)).GetProperty("detail").GetString();
        },
        detail => detail!.Contains(what, StringComparison.Ordinal), StartsWithin, () => process.Output, Cancellation);

    private static Task<HttpStatusCode> AnswersAsync(HttpClient http, string path, HttpStatusCode status, FarmProcess process) => Eventually.IsAsync(
        async () =>
        {
            using var response = await http.GetAsync(new Uri(path, UriKind.Relative), Cancellation);
            return response.StatusCode;
        },
        answer => answer == status, StartsWithin, () => process.Output, Cancellation);
}
