using Microsoft.Extensions.Logging;
using RenderFarm.Diffusion.Models;
using RenderFarm.ServiceDefaults.Artifacts;
using RenderFarm.ServiceDefaults.ModelStore;
using RenderFarm.Shared;
using RenderFarm.Shared.Protocol;
using RenderFarm.Worker.Models;

namespace RenderFarm.Worker.ModelCache;

/// <summary>The models that the store has, looked at now and then, and offered beside the worker's own; where Worker:ModelCache names no folder, none are.</summary>
internal sealed partial class StoreShelf(StoredModels store, CacheFolder cache, ModelCatalog catalog, TimeProvider time, ILogger<StoreShelf> logger) : IWorkerLoop
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan AsideFor = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan LookWithin = TimeSpan.FromSeconds(30);
    private readonly Lock _lock = new();
    private readonly Dictionary<string, ModelManifest> _byDigest = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Aside> _aside = new(StringComparer.Ordinal);
    private IReadOnlyList<StoredModel> _models = [];
    private string? _problem;

    /// <summary>The model of the store that has this digest, also when another one has its name by now; null when none was ever seen.</summary>
    public ModelManifest? Find(string digest)
    {
        lock (_lock)
        {
            return _byDigest.GetValueOrDefault(digest);
        }
    }

    /// <summary>Offers a model as one that cannot be used, for the reason that it could not be fetched, until it is pushed again or some minutes are over.</summary>
    public void SetAside(string digest, ModelFetchException reason)
    {
        lock (_lock)
        {
            _aside[digest] = new Aside(reason, PushedAt(digest), time.GetTimestamp());
        }

        Offer();
    }

    /// <summary>Why a model is not to be fetched now; null when it may be.</summary>
    public ModelFetchException? WhyAside(string digest)
    {
        lock (_lock)
        {
            if (_aside.TryGetValue(digest, out var aside) && (aside.PushedAt != PushedAt(digest) || time.GetElapsedTime(aside.Since) >= AsideFor))
            {
                _aside.Remove(digest);
            }

            return _aside.GetValueOrDefault(digest)?.Reason;
        }
    }

    /// <summary>Looks what there is. A store that does not say leaves all as it was.</summary>
    public async Task LookAsync(CancellationToken cancellationToken)
    {
        if (cache.Path.Length == 0)
        {
            return;
        }

        using var timeout = new CancellationTokenSource(LookWithin, time);
        using var limited = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        try
        {
            var models = (await store.ListAsync(limited.Token)).Select(Checked).ToList();
            lock (_lock)
            {
                _models = models;
                foreach (var manifest in models.Select(model => model.Manifest).OfType<ModelManifest>())
                {
                    _byDigest[manifest.Digest] = manifest;
                }
            }

            _problem = null;
            Offer();
        }
        catch (ArtifactStoreException ex) when (!cancellationToken.IsCancellationRequested)
        {
            Note(ex.Message);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            Note($"no answer within {LookWithin}");
        }
    }

    /// <summary>Offers the models as they lie now: in the store, or on this machine as well.</summary>
    public void Offer()
    {
        lock (_lock)
        {
            catalog.Offer([.. _models.Select(Offered)]);
        }
    }

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(LookEvery, time);
        while (await timer.WaitForNextTickAsync(cancellationToken))
        {
            await LookAsync(cancellationToken);
        }
    }

    private void Note(string problem)
    {
        if (_problem != problem)
        {
            LogAway(problem);
        }

        _problem = problem;
    }

    private static StoredModel Checked(StoredModel model)
    {
        if (model.Manifest is not { } manifest)
        {
            return model;
        }

        try
        {
            var digest = ModelFiles.Digest(manifest.Hashes(), manifest.Prediction);
            return digest == manifest.Digest
                ? model
                : model with { Manifest = null, Problem = $"Its manifest in the store says the digest {manifest.Digest}; its files have {digest}. Push the model again." };
        }
        catch (ArgumentException ex)
        {
            return model with { Manifest = null, Problem = $"Its manifest in the store cannot be used: {ex.Message} Push the model again." };
        }
    }

    private DateTimeOffset? PushedAt(string digest) => _models.Where(model => model.Manifest?.Digest == digest).Max(model => (DateTimeOffset?)model.PushedAt);

    private WorkerModel Offered(StoredModel model) => model.Manifest is { } manifest && WhyAside(manifest.Digest) is null
        ? new WorkerModel(
            manifest.Name, manifest.Digest, manifest.Family, manifest.DefaultWidth, manifest.DefaultHeight, manifest.SizeMultiple, manifest.WeightBytes, null,
            cache.Has(manifest.Digest) ? ModelResidence.Fetched : ModelResidence.Store)
        : new WorkerModel(model.Name, null, null, 0, 0, 0, 0, model.Problem ?? WhyAside(model.Manifest!.Digest)?.Message, ModelResidence.Store);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The store does not say which models it has: {Reason}")]
    private partial void LogAway(string reason);

    private sealed record Aside(ModelFetchException Reason, DateTimeOffset? PushedAt, long Since);
}
