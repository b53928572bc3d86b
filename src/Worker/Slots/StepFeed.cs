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
    private readonly Channel<StepProgressed> _steps = Channel.CreateBounded<StepProgressed>(new BoundedChannelOptions(Capacity) { FullMode = BoundedChannelFullMode.DropOldest });

    /// <summary>What a batch reports its steps to.</summary>
    public IProgress<StepProgress> For(Batch batch) => new BatchSteps(this, batch);

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

    private sealed class BatchSteps(StepFeed feed, Batch batch) : IProgress<StepProgress>
    {
        // People see no more than a few changes a second.
        private static readonly TimeSpan Least = TimeSpan.FromMilliseconds(250);
        private long? _last;

        public void Report(StepProgress value)
        {
            if (_last is { } last && feed.Time.GetElapsedTime(last) < Least)
            {
                return;
            }

            _last = feed.Time.GetTimestamp();
            foreach (var rows in batch.Rows.GroupBy(row => row.Lease).Where(rows => !rows.Key.Revoked.IsCancellationRequested))
            {
                feed.Announce(rows.Key.Offer, [.. rows.Select(row => row.Frame.Index)], value);
            }
        }
    }

    private TimeProvider Time => time;

    private void Announce(LeaseOffered offer, IReadOnlyList<long> frames, StepProgress step) =>
        _steps.Writer.TryWrite(new StepProgressed(me.Name, offer.JobId, offer.AttemptId, frames, step.Step, step.Steps));
}
