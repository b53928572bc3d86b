using System.Net;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authorization;
using Microsoft.Extensions.Options;

namespace RenderFarm.Coordinator.Access;

/// <summary>Puts the key in front of everything that does not say <c>AllowAnonymous</c>.</summary>
internal static class FarmAccess
{
    public static IServiceCollection AddFarmAccess(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<AccessOptions>().Bind(configuration.GetSection("Access")).ValidateDataAnnotations().ValidateOnStart();
        services.AddSingleton<FarmKey>();
        services.AddAuthentication(KeyAuthentication.Name).AddScheme<AuthenticationSchemeOptions, KeyAuthentication>(KeyAuthentication.Name, null);
        services.AddAuthorizationBuilder()
            .SetFallbackPolicy(new AuthorizationPolicyBuilder(KeyAuthentication.Name).RequireAuthenticatedUser().Build());
        return services;
    }

    public static void UseFarmAccess(this IApplicationBuilder app)
    {
        if (app.ApplicationServices.GetRequiredService<IOptions<AccessOptions>>().Value.LoopbackOnly)
        {
            app.Use(RefuseForeignHosts);
        }

        app.UseAuthentication();
        app.UseAuthorization();
    }

    public static void MapFarmAccess(this IEndpointRouteBuilder routes)
    {
        var signIn = routes.MapGroup(SignIn.Path).AllowAnonymous().ExcludeFromDescription();
        signIn.MapGet("", SignIn.Open);
        // There is no session yet that a forged form could abuse.
        signIn.MapPost("", SignIn.Submit).DisableAntiforgery();
    }

    /// <summary>A page elsewhere can point a name of its own at 127.0.0.1; the Host header gives it away.</summary>
    private static Task RefuseForeignHosts(HttpContext context, RequestDelegate next)
    {
        var host = context.Request.Host.Host.Trim('[', ']');
        var isLoopback = host.Equals("localhost", StringComparison.OrdinalIgnoreCase) || (IPAddress.TryParse(host, out var address) && IPAddress.IsLoopback(address));
        return isLoopback
            ? next(context)
            : TypedResults.Problem($"This farm answers on this machine only, as 127.0.0.1 or localhost; the request asked for '{host}'.", statusCode: StatusCodes.Status421MisdirectedRequest).ExecuteAsync(context);
    }
}
