using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text.Json;
using RenderFarm.Shared;

namespace RenderFarm.Client;

/// <summary>Sends requests, tries again what may be tried again, and turns problem answers into <see cref="RenderFarmException"/>.</summary>
internal sealed class FarmConnection(HttpClient http, TimeProvider time)
{
    private const int Tries = 5;
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(30);

    /// <summary>Sends a request that may safely arrive twice; the answer is a success.</summary>
    public async Task<HttpResponseMessage> SendAsync(Func<HttpRequestMessage> make, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            var pause = FirstPause * Math.Pow(2, attempt - 1);
            try
            {
                var response = await SendOnceAsync(make(), cancellationToken).ConfigureAwait(false);
                if (response.IsSuccessStatusCode)
                {
                    return response;
                }

                using (response)
                {
                    if (!IsTransient(response.StatusCode) || attempt == Tries)
                    {
                        throw await ProblemOfAsync(response, cancellationToken).ConfigureAwait(false);
                    }

                    pause = Pause(response.Headers.RetryAfter) ?? pause;
                }
            }
            catch (HttpRequestException fault) when (attempt == Tries)
            {
                throw Unreachable(fault);
            }
            catch (HttpRequestException)
            {
                // Not reached, or cut off before the answer: the next try may fare better.
            }

            await Task.Delay(pause < LongestPause ? pause : LongestPause, time, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Sends once; the caller looks at the status.</summary>
    public async Task<HttpResponseMessage> SendOnceAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        using (request)
        {
            try
            {
                return await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken).ConfigureAwait(false);
            }
            catch (OperationCanceledException fault) when (!cancellationToken.IsCancellationRequested)
            {
                throw new HttpRequestException($"No answer within {http.Timeout.TotalSeconds:0} s.", fault);
            }
            catch (SocketException fault)
            {
                // A connection that is cut while it is made comes out of HttpClient as it is.
                throw new HttpRequestException(fault.Message, fault);
            }
        }
    }

    public async Task<T> ReadAsync<T>(Func<HttpRequestMessage> make, CancellationToken cancellationToken)
    {
        using var response = await SendAsync(make, cancellationToken).ConfigureAwait(false);
        return await response.Content.ReadFromJsonAsync<T>(FarmJson.Options, cancellationToken).ConfigureAwait(false)
            ?? throw new RenderFarmException($"The farm answered {response.RequestMessage?.RequestUri} with nothing.", null);
    }

    public Task<T> GetAsync<T>(string path, CancellationToken cancellationToken) =>
        ReadAsync<T>(() => new HttpRequestMessage(HttpMethod.Get, path), cancellationToken);

    public RenderFarmException Unreachable(Exception fault) => new($"The farm at {http.BaseAddress} cannot be reached: {fault.Message}", fault);

    public static bool IsTransient(HttpStatusCode status) =>
        status is HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests or HttpStatusCode.BadGateway or HttpStatusCode.ServiceUnavailable or HttpStatusCode.GatewayTimeout;

    public static async Task<RenderFarmException> ProblemOfAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        Problem? problem = null;
        if (response.Content.Headers.ContentType?.MediaType is "application/problem+json" or "application/json")
        {
            try
            {
                problem = await response.Content.ReadFromJsonAsync<Problem>(FarmJson.Options, cancellationToken).ConfigureAwait(false);
            }
            catch (JsonException)
            {
                // Something between here and the farm answered in its own way; the status has to do.
            }
        }

        var detail = problem?.Detail ?? problem?.Title ?? $"The farm answered {(int)response.StatusCode} {response.ReasonPhrase}.";
        return new RenderFarmException(response.StatusCode, detail, problem?.Errors ?? new Dictionary<string, string[]>());
    }

    private TimeSpan? Pause(RetryConditionHeaderValue? retryAfter) =>
        retryAfter?.Delta ?? (retryAfter?.Date is { } date && date > time.GetUtcNow() ? date - time.GetUtcNow() : null);

    private sealed record Problem(string? Title, string? Detail, Dictionary<string, string[]>? Errors);
}
