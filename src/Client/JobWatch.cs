using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using RenderFarm.Shared;
using RenderFarm.Shared.Api;

namespace RenderFarm.Client;

/// <summary>
/// Follows one job's events over as many connections as it takes. The last event of each version carries the version as its id;
/// a connection that breaks inside a version gets that version again, so its frames are remembered and shown once.
/// </summary>
internal sealed class JobWatch(FarmConnection connection, Guid jobId, TimeProvider time)
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(45);
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    private readonly HashSet<long> _shownSinceId = [];
    private string? _lastId;
    private bool _isOver;
    private bool _isFinished;

    public async IAsyncEnumerable<JobEvent> ReadAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var pause = FirstPause;
        var lastContact = time.GetTimestamp();
        while (!_isOver)
        {
            Exception? fault = null;
            await using var events = ConnectAsync(cancellationToken).GetAsyncEnumerator(cancellationToken);
            while (fault is null)
            {
                try
                {
                    if (!await events.MoveNextAsync().ConfigureAwait(false))
                    {
                        break;
                    }
                }
                catch (Exception broken) when (MayHeal(broken))
                {
                    fault = broken;
                    break;
                }

                (pause, lastContact) = (FirstPause, time.GetTimestamp());
                yield return events.Current;
            }

            if (_isOver)
            {
                yield break;
            }

            if (time.GetElapsedTime(lastContact) > Patience)
            {
                throw connection.Unreachable(fault ?? new IOException("The connection ends before the job does."));
            }

            await Task.Delay(pause, time, cancellationToken).ConfigureAwait(false);
            pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
        }
    }

    private static bool MayHeal(Exception fault) => fault switch
    {
        RenderFarmException { Status: { } status } => FarmConnection.IsTransient(status),
        HttpRequestException or IOException => true,
        _ => false,
    };

    private async IAsyncEnumerable<JobEvent> ConnectAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, $"v1/jobs/{jobId}/events");
        request.Headers.Accept.ParseAdd("text/event-stream");
        if (_lastId is not null)
        {
            request.Headers.TryAddWithoutValidation("Last-Event-ID", _lastId);
        }

        using var response = await connection.SendOnceAsync(request, cancellationToken).ConfigureAwait(false);
        if (!response.IsSuccessStatusCode)
        {
            throw await FarmConnection.ProblemOfAsync(response, cancellationToken).ConfigureAwait(false);
        }

        if (response.StatusCode == System.Net.HttpStatusCode.NoContent)
        {
            _isOver = true;
            yield break;
        }

        var body = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
        await using var stream = new IdleTimeoutStream(body, Silence, time);
        await foreach (var item in SseParser.Create(stream, (type, data) => (type, Encoding.UTF8.GetString(data))).EnumerateAsync(cancellationToken).ConfigureAwait(false))
        {
            var shown = Parse(item.Data.type, item.Data.Item2);
            if (item.EventId is { Length: > 0 } id && id != _lastId)
            {
                _lastId = id;
                _shownSinceId.Clear();
            }

            if (shown is not null)
            {
                yield return shown;
            }

            if (_isFinished)
            {
                _isOver = true;
                yield break;
            }
        }
    }

    private JobEvent? Parse(string type, string data)
    {
        switch (type)
        {
            case JobEvents.Job:
                var job = Read<JobView>(data);
                _isFinished = job.State.IsTerminal();
                return new JobEvent.JobChanged(job);
            case JobEvents.Frame:
                var frame = Read<FrameView>(data);
                return _shownSinceId.Add(frame.Index) ? new JobEvent.FrameSettled(frame) : null;
            case JobEvents.Progress:
                return new JobEvent.StepDone(Read<StepView>(data));
            default:
                // A newer farm may tell more than this client knows.
                return null;
        }
    }

    private static T Read<T>(string data) =>
        JsonSerializer.Deserialize<T>(data, FarmJson.Options) ?? throw new RenderFarmException($"The farm sent an empty event of {typeof(T).Name}.", null);
}
