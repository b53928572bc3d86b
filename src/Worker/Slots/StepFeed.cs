using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using RenderFarm.Diffusion;
using RenderFarm.ServiceDefaults.Bus;
using RenderFarm.Shared.Protocol;
using RenderFarm.Worker.Leases;

namespace RenderFarm.Worker.Slots;

/// <summary>Announces the steps of running batches to whoever watches. What cannot be sent at once is forgotten: the next step says more.</summary>
internal sealed partial class StepFeed(FarmSender sender, WorkerIdentity me, TimeProvider time, ILogger<StepFeed> logger) : IWorkerLoop
{
    private const int Capacity = 64;
    private static readonly TimeSpan SendTimeout = TimeSpan.FromSeconds(2);

    // People see no more than a few changes a second, however short the batches of a slot are.
    private static readonly TimeSpan Least = TimeSpan.FromMilliseconds(250);
    private readonly long?[] _announcedAt = new long?[me.Slots];
    private readonly Channel<StepProgressed> _steps = Channel.CreateBounded<StepProgressed>(new BoundedChannelOptions(Capacity) { FullMode = BoundedChannelFullMode.DropOldest });

    /// <summary>What the batch of a slot reports its steps to.</summary>
    public IProgress<StepProgress> For(int slot, Batch batch) => new BatchSteps(this, slot, batch);

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        await foreach (var step in _steps.Reader.ReadAllAsync(cancellationToken))
        {
            using var timeout = new CancellationTokenSource(SendTimeout, time);
            using var limited = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
            try
            {
                await sender.AnnounceAsync(step, limited.Token).WaitAsync(limited.Token);
            }
            catch (Exception ex) when (!cancellationToken.IsCancellationRequested)
            {
                LogLost(step.JobId, step.Step, ex.Message);
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "Step {Step} of job {JobId} was not announced: {Reason}")]
    private partial void LogLost(Guid jobId, int step, string reason);

    private void Announce(int slot, Batch batch, StepProgress step)
    {
        if (_announcedAt[slot] is { } last && time.GetElapsedTime(last) < Least)
        {
            return;
        }

        _announcedAt[slot] = time.GetTimestamp();
        foreach (var rows in batch.Rows.GroupBy(row => row.Lease).Where(rows => !rows.Key.Revoked.IsCancellationRequested))
        {
            var offer = rows.Key.Offer;
            _steps.Writer.TryWrite(new StepProgressed(me.Name, offer.JobId, offer.AttemptId, [.. rows.Select(row => row.Frame.Index)], step.Step, step.Steps));
        }
    }

    private sealed class BatchSteps(StepFeed feed, int slot, Batch batch) : IProgress<StepProgress>
    {
        public void Report(StepProgress value) => feed.Announce(slot, batch, value);
    }
}
