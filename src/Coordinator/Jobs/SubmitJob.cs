using System.Security.Cryptography;
using System.Text.Json;
using RenderFarm.Coordinator.Feed;
using RenderFarm.Coordinator.Ledger;
using RenderFarm.Coordinator.Models;
using RenderFarm.Shared;
using RenderFarm.Shared.Api;
using RenderFarm.Shared.Protocol;
using RenderFarm.Shared.Settings;

namespace RenderFarm.Coordinator.Jobs;

/// <summary>What became of a request: either errors, or the job of this or an earlier call with the same key.</summary>
internal sealed record SubmittedJob(FieldErrors Errors, SubmitOutcome Outcome, JobView? Job);

/// <summary>Accepts a job: checks it, fills in what it leaves to the farm, and puts its frames into the queue.</summary>
internal sealed class SubmitJob(FrameLedger ledger, ModelQueries models, Announcer announcer, TimeProvider time)
{
    public async Task<SubmittedJob> RunAsync(JobRequest request, string? idempotencyKey, CancellationToken cancellationToken)
    {
        var known = await models.KnownAsync(cancellationToken);
        var errors = JobRules.Check(request, known);
        if (!errors.IsEmpty)
        {
            return new SubmittedJob(errors, default, null);
        }

        var job = NewJob(request, known.First(model => model.Name == request.Model), idempotencyKey);
        var result = await ledger.SubmitAsync(job, request.Prompts, cancellationToken);
        if (result.Outcome == SubmitOutcome.Created)
        {
            announcer.Announce(new JobChanged(result.Job.Id, result.Job.Version));
        }

        return new SubmittedJob(errors, result.Outcome, JobQueries.ViewOf(result.Job, 0, time.GetUtcNow()));
    }

    private Job NewJob(JobRequest request, ModelView model, string? idempotencyKey)
    {
        var prompts = request.Prompts?.Count ?? 1;
        return new Job
        {
            Id = Guid.CreateVersion7(time.GetUtcNow()),
            Name = request.Name,
            Class = request.Class,
            Priority = request.Priority,
            Model = model.Name,
            ModelDigest = model.Digest!,
            Settings = Filled(request.Settings, model),
            Output = request.Output,
            Labels = request.Labels,
            Count = request.Count,
            BestOf = request.BestOf,
            PromptCount = prompts,
            FrameCount = request.Count * prompts,
            RetainFor = request.RetainFor,
            LeaseLimit = OfferSize.For(request.Prompts ?? [], request.Count),
            IdempotencyKey = idempotencyKey,
            RequestHash = idempotencyKey is null ? null : HashOf(request),
        };
    }

    /// <summary>With what the request leaves to the farm.</summary>
    private static RenderSettings Filled(RenderSettings settings, ModelView model) => settings with
    {
        Width = settings.Width ?? model.DefaultWidth,
        Height = settings.Height ?? model.DefaultHeight,
        Seed = settings.Seed ?? Drawn(),
        VariationSeed = settings.VariationSeed ?? (settings.VariationStrength > 0 ? Drawn() : null),
        Schedule = settings.Schedule ?? SamplerNames.UsualSchedule(settings.Sampler),
        Hires = settings.Hires is { Sampler: { } sampler, Schedule: null } hires ? hires with { Schedule = SamplerNames.UsualSchedule(sampler) } : settings.Hires,
    };

    private static long Drawn() => RandomNumberGenerator.GetInt32(int.MaxValue);

    /// <summary>Equal for requests that mean the same, whatever their order, spacing and defaults.</summary>
    private static string HashOf(JobRequest request)
    {
        var ordered = request with { Labels = new SortedDictionary<string, string>(request.Labels.ToDictionary(), StringComparer.Ordinal) };
        return Convert.ToHexStringLower(SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes(ordered, FarmJson.Options)));
    }
}
