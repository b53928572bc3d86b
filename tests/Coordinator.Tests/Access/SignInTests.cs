using System.Net;
using RenderFarm.Coordinator.Tests.Api;

namespace RenderFarm.Coordinator.Tests.Access;

public sealed class SignInTests(ApiFarm farm) : IClassFixture<ApiFarm>
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_printed_link_signs_a_browser_in()
    {
        using var browser = farm.NewHttp();

        using var response = await browser.GetAsync($"/login?key={farm.Key}&returnUrl={Uri.EscapeDataString("/jobs?state=running")}", Token);

        Assert.Equal((HttpStatusCode.Redirect, "/jobs?state=running"), (response.StatusCode, response.Headers.Location!.ToString()));
        var cookie = response.Headers.GetValues("Set-Cookie").Single();
        Assert.Contains("httponly", cookie, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("samesite=strict", cookie, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain(farm.Key, cookie, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("https://elsewhere.example/")]
    [InlineData("//elsewhere.example/")]
    [InlineData("/\\elsewhere.example/")]
    [InlineData("javascript:alert(1)")]
    [InlineData("/a\r\nb")]
    public async Task A_sign_in_never_leads_elsewhere(string returnUrl)
    {
        using var browser = farm.NewHttp();

        using var response = await browser.GetAsync($"/login?key={farm.Key}&returnUrl={Uri.EscapeDataString(returnUrl)}", Token);

        Assert.Equal("/", response.Headers.Location!.ToString());
    }

    [Fact]
    public async Task A_wrong_key_shows_the_form_again()
    {
        using var browser = farm.NewHttp();

        using var response = await browser.PostAsync("/login", Form("rf_wrong", "/jobs"), Token);

        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
        Assert.False(response.Headers.Contains("Set-Cookie"));
        Assert.Contains("This key is cut or mistyped.", await response.Content.ReadAsStringAsync(Token), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_form_signs_a_browser_in_and_escapes_where_it_leads()
    {
        using var browser = farm.NewHttp();

        var form = await browser.GetStringAsync("/login?returnUrl=" + Uri.EscapeDataString("/jobs\"><script>"), Token);
        using var response = await browser.PostAsync("/login", Form($" {farm.Key} ", "/jobs"), Token);

        Assert.DoesNotContain("<script>", form, StringComparison.Ordinal);
        Assert.Equal("/jobs", response.Headers.Location!.ToString());
    }

    [Fact]
    public async Task A_session_reads_but_never_changes_anything()
    {
        Assert.Equal(HttpStatusCode.OK, await WithSessionAsync(HttpMethod.Get, "/v1/jobs"));
        Assert.Equal(HttpStatusCode.Unauthorized, await WithSessionAsync(HttpMethod.Post, "/v1/jobs"));
        Assert.Equal(HttpStatusCode.Unauthorized, await WithSessionAsync(HttpMethod.Post, $"/v1/jobs/{Guid.NewGuid()}/cancel"));
    }

    [Fact]
    public async Task A_session_counts_for_pages_of_this_server_only()
    {
        Assert.Equal(HttpStatusCode.OK, await WithSessionAsync(HttpMethod.Get, "/v1/jobs", origin: farm.Address.GetLeftPart(UriPartial.Authority)));
        Assert.Equal(HttpStatusCode.Unauthorized, await WithSessionAsync(HttpMethod.Get, "/v1/jobs", origin: "http://127.0.0.1:3000"));
        Assert.Equal(HttpStatusCode.Unauthorized, await WithSessionAsync(HttpMethod.Get, "/v1/jobs", origin: "null"));
    }

    [Theory]
    [InlineData("9999999999.AAAA")]
    [InlineData("")]
    [InlineData("nonsense")]
    public async Task A_forged_session_is_worth_nothing(string session) =>
        Assert.Equal(HttpStatusCode.Unauthorized, await WithSessionAsync(HttpMethod.Get, "/v1/jobs", session));

    [Fact]
    public async Task A_browser_without_a_session_is_sent_to_the_sign_in()
    {
        using var browser = farm.NewHttp();
        var request = new HttpRequestMessage(HttpMethod.Get, "/jobs?state=running");
        request.Headers.Accept.ParseAdd("text/html");

        using var response = await browser.SendAsync(request, Token);

        Assert.Equal("/login?returnUrl=%2Fjobs%3Fstate%3Drunning", response.Headers.Location!.ToString());
    }

    private async Task<HttpStatusCode> WithSessionAsync(HttpMethod method, string path, string? session = null, string? origin = null)
    {
        using var browser = farm.NewHttp();
        using var login = await browser.GetAsync($"/login?key={farm.Key}", Token);
        var cookie = login.Headers.GetValues("Set-Cookie").Single().Split(';')[0].Split('=', 2);
        var request = new HttpRequestMessage(method, path);
        request.Headers.Add("Cookie", $"{cookie[0]}={session ?? cookie[1]}");
        if (origin is not null)
        {
            request.Headers.Add("Origin", origin);
        }

        using var response = await browser.SendAsync(request, Token);
        return response.StatusCode;
    }

    private static FormUrlEncodedContent Form(string key, string returnUrl) => new(new Dictionary<string, string> { ["key"] = key, ["returnUrl"] = returnUrl });
}
