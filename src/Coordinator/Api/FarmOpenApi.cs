using System.Text.Json.Nodes;
using Microsoft.OpenApi;
using RenderFarm.Coordinator.Access;

namespace RenderFarm.Coordinator.Api;

/// <summary>The description of the API at <c>/openapi/v1.json</c>.</summary>
internal static class FarmOpenApi
{
    private const string Scheme = "key";

    public static IServiceCollection AddFarmOpenApi(this IServiceCollection services) => services.AddOpenApi("v1", options =>
    {
        options.AddDocumentTransformer((document, _, _) =>
        {
            document.Info = new OpenApiInfo
            {
                Title = "RenderFarm",
                Version = "v1",
                Description = "Submit jobs, follow them, fetch their images. Errors are problem details (RFC 9457) with the wrong fields under 'errors'.",
            };
            document.Components ??= new OpenApiComponents();
            document.Components.SecuritySchemes = new Dictionary<string, IOpenApiSecurityScheme>
            {
                [Scheme] = new OpenApiSecurityScheme { Type = SecuritySchemeType.Http, Scheme = "bearer", Description = $"The farm's key: {ApiKey.Prefix}..." },
            };
            document.Security = [new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference(Scheme, document)] = [] }];
            return Task.CompletedTask;
        });
        options.AddOperationTransformer((operation, context, _) =>
        {
            if (context.Description is { HttpMethod: "POST", RelativePath: { } path } && path.Trim('/') == "v1/jobs" && operation.RequestBody?.Content?.TryGetValue("application/json", out var body) == true)
            {
                body.Examples = new Dictionary<string, IOpenApiExample>
                {
                    ["one prompt"] = Example("Four images of one prompt", """{"name":"pizza","model":"emoji","count":4,"settings":{"prompt":"a pizza on a blue background","steps":20,"guidance":7,"sampler":"dpm++2m","schedule":"karras","seed":42}}"""),
                    ["many prompts"] = Example("Two images of each of three prompts", """{"name":"animals","model":"emoji","class":"batch","count":2,"prompts":["a whale on a pink background","a fox on a green background","an owl on a black background"],"labels":{"team":"posters"}}"""),
                };
            }

            return Task.CompletedTask;
        });
    });

    private static OpenApiExample Example(string summary, string json) => new() { Summary = summary, Value = JsonNode.Parse(json) };
}
