using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Patterns;
using Microsoft.Extensions.DependencyInjection;
using RenderFarm.Coordinator.Access;
using RenderFarm.Coordinator.Tests.Api;

namespace RenderFarm.Coordinator.Tests.Access;

public sealed class AccessTests(ApiFarm farm) : IClassFixture<ApiFarm>
{
    private static readonly string[] Public = ["/healthz", "/readyz", "/login", "/openapi/{documentName}.json", "/scalar"];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private IEnumerable<RouteEndpoint> Routes => farm.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>();

    [Fact]
    public void Only_the_listed_routes_are_public()
    {
        var open = Routes.Where(route => route.Metadata.GetMetadata<IAllowAnonymous>() is not null).Select(route => "/" + route.RoutePattern.RawText!.Trim('/'));

        Assert.All(open, route => Assert.Contains(Public, known => route == known || route.StartsWith(known + "/", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Every_route_wants_the_key_unless_it_is_public()
    {
        using var stranger = farm.NewHttp();
        var calls = Routes.Where(route => route.Metadata.GetMetadata<IAllowAnonymous>() is null)
            .SelectMany(route => route.Metadata.GetMetadata<IHttpMethodMetadata>()!.HttpMethods.Select(method => (Method: method, Path: PathOf(route))))
            .ToList();

        Assert.True(calls.Count >= 10);
        foreach (var (method, path) in calls)
        {
            using var response = await stranger.SendAsync(new HttpRequestMessage(new HttpMethod(method), path), Token);
            Assert.True(response.StatusCode == HttpStatusCode.Unauthorized, $"{method} {path} answers a stranger with {response.StatusCode}");
        }
    }

    [Fact]
    public async Task A_path_that_is_not_there_tells_a_stranger_nothing()
    {
        using var stranger = farm.NewHttp();

        Assert.Equal(HttpStatusCode.Unauthorized, (await stranger.GetAsync("/v1/nothing", Token)).StatusCode);
    }

    [Theory]
    [InlineData("Authorization", "Bearer {key}")]
    [InlineData("Authorization", "bearer {key}")]
    [InlineData("X-Api-Key", "{key}")]
    public async Task The_key_opens_from_either_header(string header, string value)
    {
        using var response = await GetAsync(header, value);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Theory]
    [InlineData("Accept", "application/json", "A key is needed.")]
    [InlineData("Authorization", "Bearer", "A key is needed.")]
    [InlineData("Authorization", "Bearer rf_short", "The key is cut or mistyped.")]
    [InlineData("Authorization", "Bearer {other}", "The key is not this farm's.")]
    [InlineData("X-Api-Key", "something", "The key is not this farm's.")]
    public async Task A_refusal_says_what_is_wrong_with_the_key_and_how_to_send_one(string header, string value, string fault)
    {
        using var response = await GetAsync(header, value);

        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
        Assert.Equal("Bearer", response.Headers.WwwAuthenticate.Single().Scheme);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType!.MediaType);
        Assert.Equal(
            $"{fault} Send the farm's key in the header 'Authorization: Bearer rf_...' or 'X-Api-Key: rf_...'.",
            (await response.Content.ReadFromJsonAsync<JsonElement>(Token)).GetProperty("detail").GetString());
    }

    [Theory]
    [InlineData("127.0.0.1", HttpStatusCode.OK)]
    [InlineData("localhost", HttpStatusCode.OK)]
    [InlineData("[::1]", HttpStatusCode.OK)]
    [InlineData("rebound.example", HttpStatusCode.MisdirectedRequest)]
    [InlineData("127.0.0.1.rebound.example", HttpStatusCode.MisdirectedRequest)]
    public async Task A_farm_on_loopback_refuses_foreign_host_names(string host, HttpStatusCode status)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, "/v1/jobs") { Headers = { Host = $"{host}:{farm.Address.Port}" } };

        using var response = await farm.Http.SendAsync(request, Token);

        Assert.Equal(status, response.StatusCode);
    }

    private async Task<HttpResponseMessage> GetAsync(string header, string value)
    {
        using var client = farm.NewHttp();
        var request = new HttpRequestMessage(HttpMethod.Get, "/v1/jobs");
        request.Headers.TryAddWithoutValidation(header, value.Replace("{key}", farm.Key, StringComparison.Ordinal).Replace("{other}", ApiKey.Generate(), StringComparison.Ordinal));
        return await client.SendAsync(request, Token);
    }

    private static string PathOf(RouteEndpoint route) => "/" + string.Join('/', route.RoutePattern.PathSegments.Select(segment => string.Concat(segment.Parts.Select(part => part switch
    {
        RoutePatternLiteralPart literal => literal.Content,
        RoutePatternParameterPart { Name: "index" } => "0",
        _ => Guid.Empty.ToString(),
    }))));
}
