using System.Net.Http.Json;
using System.Text.Json;
using RenderFarm.TestKit;
using RenderFarm.TestKit.Farms;
using RenderFarm.TestKit.Faults;

namespace RenderFarm.EndToEnd;

/// <summary>A worker starts before everything that it needs, in any order.</summary>
public sealed class WorkerStartOrderTests(ServersFixture servers) : IClassFixture<ServersFixture>
{
    private static readonly TimeSpan StartsWithin = TimeSpan.FromMinutes(3);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Without_broker_store_and_coordinator_it_says_once_what_it_waits_for_and_joins_when_all_are_there()
    {
        using var folder = new TemporaryFolder();
        var settings = servers.Farm.Settings;
        var bus = new Uri(settings["RENDERFARM__Bus__Uri"]);
        await using var broker = TcpProxy.Start(bus.Port);
        await using var store = TcpProxy.Start(new Uri($"http://{servers.Farm.Store.Endpoint}").Port);
        broker.Refuse();
        store.Refuse();
        settings["RENDERFARM__Bus__Uri"] = new UriBuilder(bus) { Port = broker.Port }.ToString();
        settings["RENDERFARM__Artifacts__S3__Endpoint"] = $"127.0.0.1:{store.Port}";
        settings["RENDERFARM__Worker__Name"] = "early";
        settings["RENDERFARM__Worker__Threads"] = "1";
        settings["RENDERFARM__Worker__Spool"] = folder.Path;
        var health = FreePort.Address();
        settings["RENDERFARM__Worker__HealthUrls"] = health.ToString();
        using var http = new HttpClient { BaseAddress = health };
        await using var process = FarmProcess.Start(folder.Path, settings, "worker");

        await ReadyzSaysAsync(http, $"Waiting for the broker. The broker at 127.0.0.1:{broker.Port} ", process);
        broker.Heal();
        await ReadyzSaysAsync(http, $"Waiting for the artifact store: Cannot write a test object on the S3 server 127.0.0.1:{store.Port}", process);
        store.Heal();
        await ReadyzSaysAsync(http, "No coordinator has been on this broker yet", process);
        StartOrderTests.SaysOncePerReason(process, "Waiting for the broker", "The broker at");
        StartOrderTests.SaysOncePerReason(process, "Waiting for the artifact store", "Cannot write");
        await servers.Farm.StartCoordinatorAsync(FreePort.Take(), Cancellation);
        await ReadyzSaysAsync(http, "ready", process);

        process.Terminate();
        Assert.Equal(0, await process.ExitAsync(StartsWithin, Cancellation));
        Assert.Equal(2, process.Output.Split("trying again: No coordinator has been on this broker yet").Length);
    }

    private static Task<string?> ReadyzSaysAsync(HttpClient http, string what, FarmProcess process) => Eventually.IsAsync(
        async () =>
        {
            using var response = await http.GetAsync(new Uri("readyz", UriKind.Relative), Cancellation);
            var answer = await response.Content.ReadFromJsonAsync<JsonElement>(Cancellation);
            return answer.TryGetProperty("detail", out var detail) ? detail.GetString() : answer.GetProperty("status").GetString();
        },
        said => said!.Contains(what, StringComparison.Ordinal), StartsWithin, () => process.Output, Cancellation);
}
