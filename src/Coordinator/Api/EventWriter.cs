using System.Text.Json;
using Microsoft.AspNetCore.Http.Features;
using RenderFarm.Shared;

namespace RenderFarm.Coordinator.Api;

/// <summary>Writes server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html).</summary>
internal sealed class EventWriter(HttpResponse response, TimeProvider time)
{
    private long _lastFlush;

    /// <summary>How long nothing was sent.</summary>
    public TimeSpan Silence => time.GetElapsedTime(_lastFlush);

    /// <summary>Sends the headers, so that the client knows at once that it is connected.</summary>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        response.ContentType = "text/event-stream";
        response.Headers.CacheControl = "no-store";
        // nginx buffers answers unless it is told not to.
        response.Headers["X-Accel-Buffering"] = "no";
        response.HttpContext.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
        return FlushAsync(cancellationToken);
    }

    public Task WriteAsync<T>(string type, T data, long? id, CancellationToken cancellationToken)
    {
        var head = id is { } version ? $"id: {version}\nevent: {type}\ndata: " : $"event: {type}\ndata: ";
        return response.WriteAsync($"{head}{JsonSerializer.Serialize(data, FarmJson.Options)}\n\n", cancellationToken);
    }

    /// <summary>A comment: keeps proxies from closing the connection and lets clients see that it lives.</summary>
    public async Task HeartbeatAsync(CancellationToken cancellationToken)
    {
        await response.WriteAsync(": heartbeat\n\n", cancellationToken);
        await FlushAsync(cancellationToken);
    }

    public async Task FlushAsync(CancellationToken cancellationToken)
    {
        await response.Body.FlushAsync(cancellationToken);
        _lastFlush = time.GetTimestamp();
    }
}
