using System.Collections.Concurrent;
using System.Net;
using System.Text.Json;
using RenderFarm.Client;
using RenderFarm.Shared.Api;
using RenderFarm.Shared.Settings;

namespace RenderFarm.Soak;

/// <summary>People who keep the farm busy: jobs of all sizes, some of them cancelled, some paused for a while. Each talks to any coordinator, and to another when that one does not answer.</summary>
internal sealed class JobStream(SoakFarm farm, Throughput throughput, long enough, int seed)
{
    private const double CancelShare = 0.06;
    private const double PauseShare = 0.06;
    private static readonly int[] Sizes = [1, 2, 3, 8, 20, 64, 128, 300];
    private static readonly TimeSpan Every = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan RealEvery = TimeSpan.FromSeconds(8);
    private readonly Random _random = new(seed);
    private readonly ConcurrentBag<Task> _interventions = [];

    /// <summary>Jobs that the farm has acknowledged.</summary>
    public ConcurrentBag<SubmittedJob> Jobs { get; } = [];

    /// <summary>Submits that nobody answered: the farm may have the job or not.</summary>
    public int Unanswered { get; private set; }

    public int Cancels { get; private set; }

    public int Pauses { get; private set; }

    /// <summary>What the farm did that it must not: paused jobs that went on.</summary>
    public ConcurrentBag<string> Violations { get; } = [];

    /// <summary>Submits until it is told to stop; returns when every cancel, pause and resume was acknowledged.</summary>
    public async Task RunAsync(bool hasRealWorkers, CancellationToken stop)
    {
        var real = TimeProvider.System.GetTimestamp();
        while (!stop.IsCancellationRequested)
        {
            if (throughput.Waiting < enough)
            {
                await SubmitAsync(Request(SoakFarm.Model, Sizes[_random.Next(Sizes.Length)]), isLeftAlone: false);
            }

            if (hasRealWorkers && TimeProvider.System.GetElapsedTime(real) > RealEvery)
            {
                real = TimeProvider.System.GetTimestamp();
                await SubmitAsync(Request(SoakFarm.RealModel, 2), isLeftAlone: true);
            }

            await Task.Delay(Every, CancellationToken.None);
        }

        await Task.WhenAll(_interventions);
    }

    private JobRequest Request(string model, long count) => new()
    {
        Model = model,
        Count = count,
        Settings = new RenderSettings { Prompt = "a pizza on a blue background", Steps = 2, Width = 64, Height = 64, Seed = _random.Next() },
    };

    private async Task SubmitAsync(JobRequest request, bool isLeftAlone)
    {
        var key = Guid.NewGuid().ToString("N");
        JobView? acknowledged = null;
        for (var tries = 0; tries < 2 && acknowledged is null; tries++)
        {
            // The same key: a second coordinator must not make a second job of it.
            acknowledged = (await TryAsync(client => client.SubmitAsync(request, key))).Answer;
        }

        if (acknowledged is null)
        {
            Unanswered++;
            return;
        }

        var job = new SubmittedJob(acknowledged.Id, request.Count);
        Jobs.Add(job);
        var chance = _random.NextDouble();
        if (isLeftAlone)
        {
            return;
        }

        if (chance < CancelShare)
        {
            Cancels++;
            _interventions.Add(CancelAsync(job, TimeSpan.FromSeconds(_random.NextDouble() * 20)));
        }
        else if (chance < CancelShare + PauseShare)
        {
            Pauses++;
            _interventions.Add(PauseAsync(job, TimeSpan.FromSeconds(_random.NextDouble() * 15), TimeSpan.FromSeconds(1 + (_random.NextDouble() * 8))));
        }
    }

    private async Task CancelAsync(SubmittedJob job, TimeSpan after)
    {
        await Task.Delay(after);
        job.RenderedAtCancel = (await UntilAsync(client => client.CancelJobAsync(job.Id)))?.Rendered;
    }

    private async Task PauseAsync(SubmittedJob job, TimeSpan after, TimeSpan length)
    {
        await Task.Delay(after);
        var paused = await UntilAsync(client => client.PauseJobAsync(job.Id));
        if (paused is null)
        {
            // It had ended before.
            return;
        }

        await Task.Delay(length);
        var before = await UntilAsync(client => client.GetJobAsync(job.Id));
        if (before is not null && (before.Rendered != paused.Rendered || before.Rendering != 0))
        {
            Violations.Add($"job {job.Id} had {paused.Rendered} images when its pause was acknowledged and {before.Rendered} when it ended, {before.Rendering} being rendered");
        }

        await UntilAsync(client => client.ResumeJobAsync(job.Id));
    }

    /// <summary>Asks until a coordinator answers; null when the job is not in a state for it.</summary>
    private async Task<T?> UntilAsync<T>(Func<RenderFarmClient, Task<T>> ask)
        where T : class
    {
        while (true)
        {
            if (await TryAsync(ask) is { IsAnswered: true } result)
            {
                return result.Answer;
            }
        }
    }

    /// <summary>Asks a coordinator; no answer when it cannot be reached or is not able to now.</summary>
    private async Task<(bool IsAnswered, T? Answer)> TryAsync<T>(Func<RenderFarmClient, Task<T>> ask)
        where T : class
    {
        try
        {
            int which;
            lock (_random)
            {
                which = _random.Next(farm.Clients.Count);
            }

            return (true, await ask(farm.Clients[which]));
        }
        catch (RenderFarmException ex) when (ex.Status is HttpStatusCode.Conflict)
        {
            return (true, null);
        }
        catch (RenderFarmException ex) when (ex.Status is null or >= HttpStatusCode.InternalServerError)
        {
            return (false, null);
        }
        catch (Exception ex) when (ex is HttpRequestException or IOException or JsonException)
        {
            // Cut off in the middle of the answer.
            return (false, null);
        }
    }
}
