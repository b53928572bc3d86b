using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Runtime.CompilerServices;
using RenderFarm.Shared;
using RenderFarm.Shared.Api;

namespace RenderFarm.Client;

/// <summary>Submits jobs to a farm, follows them and fetches their pictures. Every request may arrive twice without harm, so all are tried again when the farm is away for a moment.</summary>
/// <example>
/// <code>
/// using var farm = new RenderFarmClient(new Uri("http://127.0.0.1:5180"), key);
/// var job = await farm.SubmitAsync(new JobRequest { Count = 4, Settings = new RenderSettings { Prompt = "a pizza on a blue background" } });
/// await foreach (var change in farm.WatchAsync(job.Id))
/// {
///     if (change is JobEvent.FrameSettled { Frame: { State: FrameState.Rendered } frame })
///     {
///         await farm.SaveImageAsync(frame, $"pizza-{frame.Index}.png");
///     }
/// }
/// </code>
/// </example>
public sealed class RenderFarmClient : IDisposable
{
    private readonly HttpClient _http;
    private readonly FarmConnection _connection;
    private readonly TimeProvider _time;
    private readonly bool _ownsHttp;

    /// <summary>A client of the farm at this address with its own connections.</summary>
    public RenderFarmClient(Uri address, string key)
        : this(NewHttp(address, key), TimeProvider.System) => _ownsHttp = true;

    /// <summary>A client on connections that the caller owns: base address and <c>Authorization</c> header are set there.</summary>
    public RenderFarmClient(HttpClient http, TimeProvider time)
    {
        _http = http;
        _time = time;
        _connection = new FarmConnection(http, time);
    }

    /// <summary>Hands in a job. With the same idempotency key a second call returns the first call's job; without one a random key covers the call's own retries.</summary>
    public Task<JobView> SubmitAsync(JobRequest request, string? idempotencyKey = null, CancellationToken cancellationToken = default)
    {
        idempotencyKey ??= Guid.NewGuid().ToString("N");
        return _connection.ReadAsync<JobView>(() => Post("v1/jobs", JsonContent.Create(request, options: FarmJson.Options), idempotencyKey), cancellationToken);
    }

    /// <summary>Hands in a job that is JSON already, as <c>POST /v1/jobs</c> takes it.</summary>
    public Task<JobView> SubmitAsync(ReadOnlyMemory<byte> json, string? idempotencyKey = null, CancellationToken cancellationToken = default)
    {
        idempotencyKey ??= Guid.NewGuid().ToString("N");
        return _connection.ReadAsync<JobView>(() => Post("v1/jobs", new ReadOnlyMemoryContent(json) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } }, idempotencyKey), cancellationToken);
    }

    /// <summary>A job as it is now.</summary>
    public Task<JobView> GetJobAsync(Guid id, CancellationToken cancellationToken = default) => _connection.GetAsync<JobView>($"v1/jobs/{id}", cancellationToken);

    /// <summary>Jobs, newest first.</summary>
    public IAsyncEnumerable<JobView> ListJobsAsync(JobState? state = null, string? search = null, CancellationToken cancellationToken = default) =>
        PagesAsync<JobView>("v1/jobs", [("state", Name(state)), ("q", search)], cancellationToken);

    /// <summary>Stops a job; frames not rendered by now never will be. A job that has ended stays as it is.</summary>
    public Task<JobView> CancelJobAsync(Guid id, CancellationToken cancellationToken = default) =>
        _connection.ReadAsync<JobView>(() => new HttpRequestMessage(HttpMethod.Post, $"v1/jobs/{id}/cancel"), cancellationToken);

    /// <summary>Takes a job's frames away from the workers and out of the queue until it is resumed; nothing of it is committed after the answer. A paused job stays as it is.</summary>
    public Task<JobView> PauseJobAsync(Guid id, CancellationToken cancellationToken = default) =>
        _connection.ReadAsync<JobView>(() => new HttpRequestMessage(HttpMethod.Post, $"v1/jobs/{id}/pause"), cancellationToken);

    /// <summary>Lets a paused job go on where it was. A job that is not paused and has not ended stays as it is.</summary>
    public Task<JobView> ResumeJobAsync(Guid id, CancellationToken cancellationToken = default) =>
        _connection.ReadAsync<JobView>(() => new HttpRequestMessage(HttpMethod.Post, $"v1/jobs/{id}/resume"), cancellationToken);

    /// <summary>A page of a job's quarantined frames with the evidence; pass its cursor back for the next one.</summary>
    public Task<QuarantineView> GetQuarantineAsync(Guid id, string? cursor = null, CancellationToken cancellationToken = default) =>
        _connection.GetAsync<QuarantineView>($"v1/jobs/{id}/quarantine{(cursor is null ? "" : $"?cursor={Uri.EscapeDataString(cursor)}")}", cancellationToken);

    /// <summary>Quarantined frames, these or all of the job's, wait again with a clean record.</summary>
    public Task<QuarantineAnswer> RequeueQuarantinedAsync(Guid id, IReadOnlyList<long>? frames = null, CancellationToken cancellationToken = default) =>
        SettleQuarantineAsync(id, "requeue", frames, cancellationToken);

    /// <summary>Quarantined frames, these or all of the job's, have failed.</summary>
    public Task<QuarantineAnswer> DropQuarantinedAsync(Guid id, IReadOnlyList<long>? frames = null, CancellationToken cancellationToken = default) =>
        SettleQuarantineAsync(id, "drop", frames, cancellationToken);

    /// <summary>Frames of a job by index.</summary>
    public IAsyncEnumerable<FrameView> FramesAsync(Guid id, FrameState? state = null, CancellationToken cancellationToken = default) =>
        PagesAsync<FrameView>($"v1/jobs/{id}/frames", [("state", Name(state))], cancellationToken);

    /// <summary>Follows a job until it has ended. A connection that breaks is made again and goes on where it stopped: each frame comes once.</summary>
    public IAsyncEnumerable<JobEvent> WatchAsync(Guid id, CancellationToken cancellationToken = default) =>
        new JobWatch(_connection, id, _time).ReadAsync(cancellationToken);

    /// <summary>Workers of the farm.</summary>
    public Task<IReadOnlyList<WorkerView>> WorkersAsync(CancellationToken cancellationToken = default) =>
        _connection.GetAsync<IReadOnlyList<WorkerView>>("v1/workers", cancellationToken);

    /// <summary>A worker as it is now.</summary>
    public Task<WorkerView> GetWorkerAsync(string name, CancellationToken cancellationToken = default) => _connection.GetAsync<WorkerView>(PathOf(name), cancellationToken);

    /// <summary>Drains a worker: it finishes what it has and is given no more until it is resumed.</summary>
    public Task<WorkerView> DrainWorkerAsync(string name, string? reason = null, CancellationToken cancellationToken = default) =>
        OrderAsync($"{PathOf(name)}/drain", new WorkerDrain { Reason = reason }, cancellationToken);

    /// <summary>Lets a drained worker render again, and forgives its strikes.</summary>
    public Task<WorkerView> ResumeWorkerAsync(string name, CancellationToken cancellationToken = default) =>
        _connection.ReadAsync<WorkerView>(() => new HttpRequestMessage(HttpMethod.Post, $"{PathOf(name)}/resume"), cancellationToken);

    /// <summary>Keeps a worker from a model or a job until it is unblocked.</summary>
    public Task<WorkerView> BlockWorkerAsync(string name, WorkerBlocking what, CancellationToken cancellationToken = default) => OrderAsync($"{PathOf(name)}/block", what, cancellationToken);

    /// <summary>Lifts a block.</summary>
    public Task<WorkerView> UnblockWorkerAsync(string name, WorkerBlocking what, CancellationToken cancellationToken = default) => OrderAsync($"{PathOf(name)}/unblock", what, cancellationToken);

    /// <summary>Models of the farm.</summary>
    public Task<IReadOnlyList<ModelView>> ModelsAsync(CancellationToken cancellationToken = default) =>
        _connection.GetAsync<IReadOnlyList<ModelView>>("v1/models", cancellationToken);

    /// <summary>Writes the image file of a rendered frame to a stream.</summary>
    public async Task DownloadImageAsync(Guid id, long index, Stream destination, CancellationToken cancellationToken = default)
    {
        using var response = await _connection.SendAsync(() => new HttpRequestMessage(HttpMethod.Get, $"v1/jobs/{id}/frames/{index}/image"), cancellationToken).ConfigureAwait(false);
        await response.Content.CopyToAsync(destination, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Saves the image file of a rendered frame: whole and with the right checksum, or not at all.</summary>
    public Task SaveImageAsync(FrameView frame, string path, CancellationToken cancellationToken = default) =>
        new ImageFile(_connection, _time).SaveAsync(frame, path, cancellationToken);

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_ownsHttp)
        {
            _http.Dispose();
        }
    }

    private static string PathOf(string worker) => $"v1/workers/{Uri.EscapeDataString(worker)}";

    private Task<WorkerView> OrderAsync<T>(string path, T order, CancellationToken cancellationToken) => _connection.ReadAsync<WorkerView>(
        () => new HttpRequestMessage(HttpMethod.Post, path) { Content = JsonContent.Create(order, options: FarmJson.Options) }, cancellationToken);

    private Task<QuarantineAnswer> SettleQuarantineAsync(Guid id, string how, IReadOnlyList<long>? frames, CancellationToken cancellationToken)
    {
        var request = new QuarantineRequest { Frames = frames, All = frames is null };
        return _connection.ReadAsync<QuarantineAnswer>(
            () => new HttpRequestMessage(HttpMethod.Post, $"v1/jobs/{id}/quarantine/{how}") { Content = JsonContent.Create(request, options: FarmJson.Options) }, cancellationToken);
    }

    private static HttpClient NewHttp(Uri address, string key)
    {
        var http = new HttpClient(new SocketsHttpHandler { PooledConnectionLifetime = TimeSpan.FromMinutes(5) })
        {
            BaseAddress = address.AbsoluteUri.EndsWith('/') ? address : new Uri(address.AbsoluteUri + "/"),
        };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
        http.DefaultRequestHeaders.UserAgent.ParseAdd($"RenderFarm.Client/{typeof(RenderFarmClient).Assembly.GetName().Version?.ToString(3)}");
        return http;
    }

    private static HttpRequestMessage Post(string path, HttpContent content, string idempotencyKey)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = content };
        request.Headers.Add("Idempotency-Key", idempotencyKey);
        // A body that is too large is refused before it is sent, so that the answer is read instead of a broken pipe.
        request.Headers.ExpectContinue = content.Headers.ContentLength is null or > 1024 * 1024;
        return request;
    }

    private async IAsyncEnumerable<T> PagesAsync<T>(string path, (string Name, string? Value)[] filters, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        string? cursor = null;
        do
        {
            var query = string.Join('&', filters.Append(("cursor", cursor)).Where(filter => filter.Item2 is not null).Select(filter => $"{filter.Item1}={Uri.EscapeDataString(filter.Item2!)}"));
            var page = await _connection.GetAsync<Page<T>>(query.Length == 0 ? path : $"{path}?{query}", cancellationToken).ConfigureAwait(false);
            foreach (var item in page.Items)
            {
                yield return item;
            }

            cursor = page.Cursor;
        }
        while (cursor is not null);
    }

    private static string? Name<T>(T? state)
        where T : struct, Enum => state is { } given ? System.Text.Json.JsonNamingPolicy.CamelCase.ConvertName(given.ToString()) : null;
}
