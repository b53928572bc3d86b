using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;

namespace RenderFarm.Coordinator.Access;

/// <summary>Exchanges the key for a browser session: <c>GET /login?key=...</c> from a printed link, or the form that <c>GET /login</c> shows.</summary>
internal static class SignIn
{
    public const string Path = "/login";

    /// <summary>Opens the link that the program prints, or the form.</summary>
    public static IResult Open(HttpContext context, FarmKey farmKey, string? key, string? returnUrl) =>
        key is null ? Form(returnUrl, "") : Enter(context, farmKey, key, returnUrl);

    /// <summary>Takes the form.</summary>
    public static IResult Submit(HttpContext context, FarmKey farmKey, [FromForm] string? key, [FromForm] string? returnUrl) =>
        Enter(context, farmKey, key ?? "", returnUrl);

    private static IResult Enter(HttpContext context, FarmKey farmKey, string key, string? returnUrl)
    {
        if (!farmKey.Matches(key.Trim()))
        {
            return Form(returnUrl, ApiKey.IsDamaged(key.Trim()) ? "This key is cut or mistyped." : "This is not the farm's key.");
        }

        context.Response.Cookies.Append(farmKey.CookieName, farmKey.NewSession(), new CookieOptions
        {
            HttpOnly = true,
            IsEssential = true,
            MaxAge = farmKey.SessionLifetime,
            SameSite = SameSiteMode.Strict,
            Secure = context.Request.IsHttps,
        });
        return TypedResults.LocalRedirect(IsLocal(returnUrl) ? returnUrl! : "/");
    }

    /// <summary><c>//host</c> and <c>/\host</c> lead elsewhere.</summary>
    private static bool IsLocal(string? url) => url is ['/', ..] and not ['/', '/' or '\\', ..] && !url.Any(char.IsControl);

    private static ContentHttpResult Form(string? returnUrl, string fault)
    {
        var alert = fault.Length == 0 ? "" : $"<p class=\"problem\" role=\"alert\">{HtmlEncoder.Default.Encode(fault)}</p>";
        var html = $$"""
            <!doctype html>
            <html lang="en">
            <head>
              <meta charset="utf-8">
              <meta name="viewport" content="width=device-width, initial-scale=1">
              <title>RenderFarm: sign in</title>
              <link rel="icon" type="image/svg+xml" href="assets/icon.svg">
              <link rel="stylesheet" href="assets/farm.css">
              <script src="assets/farm.js"></script>
            </head>
            <body class="sign-in">
              <form method="post" action="{{Path}}" class="card">
                <h1><span class="mark"></span> RenderFarm</h1>
                <label for="key">The farm's key</label>
                <input class="field" id="key" name="key" type="password" autocomplete="current-password" required autofocus placeholder="rf_...">
                <input type="hidden" name="returnUrl" value="{{HtmlEncoder.Default.Encode(IsLocal(returnUrl) ? returnUrl! : "/")}}">
                {{alert}}
                <button class="button primary">Sign in</button>
                <p class="hint">The embedded farm prints it with a link that signs in; elsewhere it is the setting Access:Key.</p>
              </form>
            </body>
            </html>
            """;
        return TypedResults.Content(html, "text/html; charset=utf-8", statusCode: fault.Length == 0 ? StatusCodes.Status200OK : StatusCodes.Status401Unauthorized);
    }
}
