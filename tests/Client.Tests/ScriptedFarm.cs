using System.Collections.Concurrent;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace RenderFarm.Client.Tests;

/// <summary>A server on a free port that answers each request with the next step of a script, so that tests can break connections where they want.</summary>
internal sealed class ScriptedFarm : IAsyncDisposable
{
    public const string Key = "rf_scripted";
    private readonly WebApplication _app;

    private ScriptedFarm(WebApplication app) => _app = app;

    public ConcurrentQueue<Request> Requests { get; } = new();

    public RenderFarmClient Client { get; private set; } = null!;

    public static async Task<ScriptedFarm> StartAsync(params Func<HttpContext, Task>[] script)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        var farm = new ScriptedFarm(app);
        var steps = new ConcurrentQueue<Func<HttpContext, Task>>(script);
        app.Run(async context =>
        {
            using var reader = new StreamReader(context.Request.Body);
            farm.Requests.Enqueue(new Request(
                context.Request.Method, context.Request.Path + context.Request.QueryString, context.Request.Headers.ToDictionary(header => header.Key, header => header.Value.ToString(), StringComparer.OrdinalIgnoreCase), await reader.ReadToEndAsync()));
            await (steps.TryDequeue(out var step) ? step : throw new InvalidOperationException("The script is over."))(context);
        });
        await app.StartAsync(TestContext.Current.CancellationToken);
        farm.Client = new RenderFarmClient(new Uri(app.Urls.First()), Key);
        return farm;
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _app.DisposeAsync();
    }

    public static Func<HttpContext, Task> Json(string json, int status = 200) => async context =>
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = status < 400 ? "application/json" : "application/problem+json";
        await context.Response.WriteAsync(json);
    };

    public static Func<HttpContext, Task> Away(string retryAfter = "0") => context =>
    {
        context.Response.StatusCode = 503;
        context.Response.Headers.RetryAfter = retryAfter;
        return Task.CompletedTask;
    };

    /// <summary>Sends the events, then ends the answer in order or by cutting the connection.</summary>
    public static Func<HttpContext, Task> Events(string text, bool cut = false) => async context =>
    {
        context.Response.ContentType = "text/event-stream";
        if (cut)
        {
            // One byte is promised and never sent: the client reads everything and then finds the connection closed. An
            // abort would race with what is still on its way.
            context.Response.ContentLength = Encoding.UTF8.GetByteCount(text) + 1;
        }

        await context.Response.WriteAsync(text);
        await context.Response.Body.FlushAsync();
    };

    public sealed record Request(string Method, string Address, IReadOnlyDictionary<string, string> Headers, string Body);
}
