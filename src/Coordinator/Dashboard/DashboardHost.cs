using Microsoft.AspNetCore.DataProtection;
using Microsoft.Extensions.Options;
using RenderFarm.Coordinator.Access;
using RenderFarm.Coordinator.Dashboard.Layout;
using RenderFarm.Coordinator.Jobs;
using RenderFarm.ServiceDefaults.Artifacts;

namespace RenderFarm.Coordinator.Dashboard;

/// <summary>Puts the dashboard's pages and files into the coordinator's web host.</summary>
internal static class DashboardHost
{
    public static IServiceCollection AddFarmDashboard(this IServiceCollection services)
    {
        services.AddRazorComponents().AddInteractiveServerComponents();
        // This keeps keys of its own on disk, which the pages do not use.
        services.Remove(services.First(service => service.ImplementationType?.Name == "DataProtectionHostedService"));
        services.AddSingleton<IDataProtectionProvider, PageProtection>();
        services.AddSingleton<DashboardFiles>();
        services.AddSingleton<FarmActivity>();
        services.AddSingleton<JobHistory>();
        return services;
    }

    /// <summary>Before the API, which answers programs itself: what is left without an answer is a browser's.</summary>
    public static void UseFarmDashboard(this IApplicationBuilder app) => app.UseStatusCodePagesWithReExecute("/not-found", createScopeForStatusCodePages: true);

    public static void MapFarmDashboard(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/assets/{name}", (HttpContext context, DashboardFiles files, string name, string? v) => files.Get(context, name, v))
            .AllowAnonymous()
            .ExcludeFromDescription();
        var policy = ContentSecurityPolicy(routes.ServiceProvider.GetRequiredService<IOptions<ArtifactsOptions>>().Value);
        routes.MapRazorComponents<App>()
            .AddInteractiveServerRenderMode(options => options.ContentSecurityFrameAncestorsPolicy = null)
            // No page posts a form; the circuit is opened by the page's own script, with the session's cookie.
            .DisableAntiforgery()
            .WithMetadata(new AllowsSession())
            .Add(endpoint => AddPageHeaders(endpoint, policy));
        routes.MapPost("/logout", (HttpContext context, FarmKey key) =>
        {
            context.Response.Cookies.Delete(key.CookieName);
            return TypedResults.LocalRedirect(SignIn.Path);
        }).WithMetadata(new AllowsSession()).ExcludeFromDescription();
    }

    /// <summary>Only what this server sends may run or be connected to, pictures may come from the artifact store as well, and nobody may frame a page.</summary>
    internal static string ContentSecurityPolicy(ArtifactsOptions artifacts)
    {
        var pictures = artifacts.Store switch
        {
            ArtifactStoreKind.Folder => "",
            ArtifactStoreKind.S3 when artifacts.S3.PublicEndpoint is { } address => $" {address.GetLeftPart(UriPartial.Authority)}",
            ArtifactStoreKind.S3 => $" {(artifacts.S3.UseTls ? "https" : "http")}://{artifacts.S3.Endpoint}",
            _ => throw new InvalidOperationException($"Pictures of the store {artifacts.Store} have no known origin."),
        };
        return $"default-src 'self'; img-src 'self'{pictures}; object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'";
    }

    private static void AddPageHeaders(EndpointBuilder endpoint, string policy)
    {
        var next = endpoint.RequestDelegate!;
        endpoint.RequestDelegate = context =>
        {
            var headers = context.Response.Headers;
            headers.ContentSecurityPolicy = policy;
            headers.XContentTypeOptions = "nosniff";
            headers["Referrer-Policy"] = "same-origin";
            return next(context);
        };
    }
}
