using RenderFarm.Coordinator.Jobs;
using RenderFarm.Coordinator.Ledger;
using RenderFarm.Coordinator.Workers;
using RenderFarm.Shared;
using RenderFarm.Shared.Protocol;
using RenderFarm.Shared.Settings;

namespace RenderFarm.Coordinator.Tests.Ledger;

/// <summary>Jobs and reports as the rest of the farm would bring them.</summary>
internal static class LedgerData
{
    public static readonly string Sha256 = new('a', 64);

    /// <summary>Leases that live through any test; strikes are tried again at once.</summary>
    public static LedgerOptions Patient => new() { AcceptWithin = TimeSpan.FromHours(1), LeaseFor = TimeSpan.FromHours(1), RetryAfter = TimeSpan.Zero };

    /// <summary>Leases that are overdue as soon as they are offered.</summary>
    public static LedgerOptions Hasty => new() { AcceptWithin = TimeSpan.Zero, LeaseFor = TimeSpan.Zero, RetryAfter = TimeSpan.Zero, QuarantineFor = TimeSpan.Zero };

    public static Job Job(
        long count, string? prompt = "a red apple", int prompts = 1, JobClass jobClass = JobClass.Standard, int priority = 0, string? key = null, string? hash = null, Guid? id = null,
        TimeSpan? retainFor = null, string model = "emoji", string digest = "digest") => new()
        {
            Id = id ?? Guid.CreateVersion7(),
            Name = "test",
            Class = jobClass,
            Priority = priority,
            Model = model,
            ModelDigest = digest,
            Settings = new RenderSettings { Prompt = prompt, Width = 64, Height = 64, Seed = 1000 },
            Output = new OutputSettings(),
            Labels = new Dictionary<string, string> { ["for"] = "tests" },
            Count = count,
            PromptCount = prompts,
            FrameCount = count * prompts,
            RetainFor = retainFor,
            IdempotencyKey = key,
            RequestHash = hash,
        };

    /// <summary>A worker with one slot, ready for these models.</summary>
    public static FarmWorker Worker(string name, DateTimeOffset now, int batchSize, params IReadOnlyList<WorkerModel> models) => new()
    {
        Name = name,
        Epoch = 1,
        State = WorkerState.Ready,
        Version = "1",
        Device = "cpu",
        Slots = 1,
        Window = 2,
        BatchSize = batchSize,
        MemoryBytes = 1,
        Models = models,
        JoinedAt = now,
        LastSeenAt = now,
    };

    public static FramesRendered Rendered(LeaseOffered offer, string worker, params IEnumerable<long> frames) =>
        new(worker, 1, offer.JobId, offer.AttemptId, offer.Fence, [.. frames.Select(index => Frame(offer, index))]);

    public static RenderedFrame Frame(LeaseOffered offer, long index) =>
        new(index, 1000 + index, ArtifactKeys.For(offer.Tenant, offer.JobId, index, offer.AttemptId, "png"), Sha256, 4096, 64, 64, 250);

    public static LeaseEnded Ended(LeaseOffered offer, string worker, ErrorClass? errorClass, string? message = null, params IReadOnlyList<FailedFrame> failed)
    {
        var outcome = errorClass switch
        {
            null or ErrorClass.Interrupted => AttemptOutcome.Released,
            ErrorClass.Crash => AttemptOutcome.Crashed,
            ErrorClass.OutOfMemory => AttemptOutcome.OutOfMemory,
            _ => AttemptOutcome.Failed,
        };
        return new LeaseEnded(worker, 1, offer.JobId, offer.AttemptId, offer.Fence, outcome, errorClass, message, failed);
    }

    public static LeaseAccepted Accepted(LeaseOffered offer, string worker) => new(worker, 1, offer.JobId, offer.AttemptId, offer.Fence);

    public static IEnumerable<long> Range(long first, long count)
    {
        for (var index = first; index < first + count; index++)
        {
            yield return index;
        }
    }
}
