using System.Security.Claims;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Options;

namespace RenderFarm.Coordinator.Access;

/// <summary>Marks endpoints other than reads that a signed-in browser may use: those of the dashboard.</summary>
public sealed class AllowsSession;

/// <summary>Takes the key from <c>Authorization: Bearer</c> or <c>X-Api-Key</c>; a browser's session counts for reads and for the dashboard only.</summary>
internal sealed class KeyAuthentication(
    IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory logger, UrlEncoder encoder, FarmKey farmKey)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, logger, encoder)
{
    public const string Name = "FarmKey";
    private const string Advice = "Send the farm's key in the header 'Authorization: Bearer rf_...' or 'X-Api-Key: rf_...'.";

    protected override Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        if (PresentedKey() is { } key)
        {
            return Task.FromResult(farmKey.Matches(key) ? Success() : AuthenticateResult.Fail(
                ApiKey.IsDamaged(key) ? "The key is cut or mistyped." : "The key is not this farm's."));
        }

        var isSignedIn = SessionCounts() && Request.Cookies[farmKey.CookieName] is { } session && farmKey.IsLiveSession(session);
        return Task.FromResult(isSignedIn ? Success() : AuthenticateResult.NoResult());
    }

    protected override async Task HandleChallengeAsync(AuthenticationProperties properties)
    {
        if (HttpMethods.IsGet(Request.Method) && !Request.Path.StartsWithSegments("/v1", StringComparison.Ordinal)
            && Request.Headers.Accept.ToString().Contains("text/html", StringComparison.OrdinalIgnoreCase))
        {
            Response.Redirect($"{SignIn.Path}?returnUrl={Uri.EscapeDataString(Request.Path + Request.QueryString)}");
            return;
        }

        var fault = (await HandleAuthenticateOnceSafeAsync()).Failure?.Message ?? "A key is needed.";
        Response.Headers.WWWAuthenticate = "Bearer realm=\"renderfarm\"";
        await TypedResults.Problem($"{fault} {Advice}", statusCode: StatusCodes.Status401Unauthorized).ExecuteAsync(Context);
    }

    private string? PresentedKey()
    {
        if (Request.Headers.TryGetValue("X-Api-Key", out var direct))
        {
            return direct.ToString();
        }

        const string Scheme = "Bearer ";
        var header = Request.Headers.Authorization.ToString();
        return header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) ? header[Scheme.Length..].Trim() : null;
    }

    /// <summary>SameSite cookies still come from other ports of the same host, so the page that asks is compared too.</summary>
    private bool SessionCounts()
    {
        var isRead = HttpMethods.IsGet(Request.Method) || HttpMethods.IsHead(Request.Method);
        if (!isRead && Context.GetEndpoint()?.Metadata.GetMetadata<AllowsSession>() is null)
        {
            return false;
        }

        var origin = Request.Headers.Origin.ToString();
        return origin.Length == 0 || origin.Equals($"{Request.Scheme}://{Request.Host}", StringComparison.OrdinalIgnoreCase);
    }

    private static AuthenticateResult Success() =>
        AuthenticateResult.Success(new AuthenticationTicket(new ClaimsPrincipal(new ClaimsIdentity([new Claim(ClaimTypes.Name, "owner")], Name)), Name));
}
