using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Npgsql;
using RenderFarm.Coordinator.Database;
using RenderFarm.TestKit.Farms;

namespace RenderFarm.Coordinator.Tests.Api;

public sealed class FarmApiTests(ApiFarm farm) : IClassFixture<ApiFarm>
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_farm_whose_parts_are_there_is_ready()
    {
        using var stranger = farm.NewHttp();

        Assert.Equal(HttpStatusCode.OK, (await stranger.GetAsync("/healthz", Token)).StatusCode);
        // The bus connects after the API listens.
        using var ready = await Eventually.IsAsync(() => stranger.GetAsync("/readyz", Token), response => response.IsSuccessStatusCode, TimeSpan.FromMinutes(1), null, Token);
        Assert.Equal("""{"status":"ready"}""", await ready.Content.ReadAsStringAsync(Token));
    }

    [Fact]
    public async Task The_description_lists_every_route_with_its_examples()
    {
        using var stranger = farm.NewHttp();

        var document = await stranger.GetFromJsonAsync<JsonElement>("/openapi/v1.json", Token);

        var paths = document.GetProperty("paths");
        Assert.All(
            paths.EnumerateObject().SelectMany(path => path.Value.EnumerateObject()),
            operation => Assert.False(string.IsNullOrEmpty(operation.Value.GetProperty("summary").GetString()), operation.Value.ToString()));
        Assert.Equal(
            ["/healthz", "/readyz", "/v1/jobs", "/v1/jobs/{id}", "/v1/jobs/{id}/cancel", "/v1/jobs/{id}/events", "/v1/jobs/{id}/frames", "/v1/jobs/{id}/frames/{index}", "/v1/jobs/{id}/frames/{index}/image",
                "/v1/jobs/{id}/pause", "/v1/jobs/{id}/quarantine", "/v1/jobs/{id}/quarantine/drop", "/v1/jobs/{id}/quarantine/requeue", "/v1/jobs/{id}/resume", "/v1/models",
                "/v1/workers", "/v1/workers/{name}", "/v1/workers/{name}/block", "/v1/workers/{name}/drain", "/v1/workers/{name}/resume", "/v1/workers/{name}/unblock"],
            paths.EnumerateObject().Select(path => path.Name).Order(StringComparer.Ordinal));
        Assert.Equal("bearer", document.GetProperty("components").GetProperty("securitySchemes").GetProperty("key").GetProperty("scheme").GetString());
    }

    [Fact]
    public async Task The_examples_of_the_description_run()
    {
        var document = await farm.GetAsync<JsonElement>("/openapi/v1.json");
        var examples = document.GetProperty("paths").GetProperty("/v1/jobs").GetProperty("post").GetProperty("requestBody").GetProperty("content").GetProperty("application/json").GetProperty("examples");

        Assert.Equal(2, examples.EnumerateObject().Count());
        foreach (var example in examples.EnumerateObject())
        {
            using var response = await farm.PostAsync("/v1/jobs", example.Value.GetProperty("value").GetRawText());
            Assert.Equal(HttpStatusCode.Accepted, response.StatusCode);
        }
    }

    [Fact]
    public async Task The_reference_page_asks_no_other_server_for_anything()
    {
        using var stranger = farm.NewHttp();

        var page = await stranger.GetStringAsync("/scalar/v1", Token);

        Assert.DoesNotMatch("(src|href)\\s*=\\s*\"https?://", page);
        Assert.DoesNotContain("cdn", page, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public void A_database_that_is_away_is_told_from_one_that_refuses()
    {
        Assert.True(DatabaseFaults.IsAway(new InvalidOperationException("wrapped", new NpgsqlException("no route to host"))));
        Assert.True(DatabaseFaults.IsAway(new PostgresException("shutting down", "FATAL", "FATAL", "57P01")));
        Assert.True(DatabaseFaults.IsAway(new Microsoft.Data.Sqlite.SqliteException("disk I/O error", 10)));
        Assert.False(DatabaseFaults.IsAway(new PostgresException("duplicate key", "ERROR", "ERROR", "23505")));
        Assert.False(DatabaseFaults.IsAway(new InvalidOperationException("a bug")));
    }

    [Fact]
    public void A_database_without_room_is_told_from_one_that_is_not_there()
    {
        Assert.True(DatabaseFaults.IsFull(new InvalidOperationException("wrapped", new PostgresException("could not extend file", "ERROR", "ERROR", "53100"))));
        Assert.True(DatabaseFaults.IsFull(new Microsoft.Data.Sqlite.SqliteException("database or disk is full", 13)));
        Assert.False(DatabaseFaults.IsFull(new NpgsqlException("no route to host")));
        Assert.False(DatabaseFaults.IsFull(new PostgresException("out of memory", "ERROR", "ERROR", "53200")));
    }
}
