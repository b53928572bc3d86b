using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using RenderFarm.Coordinator.Access;
using RenderFarm.Coordinator.Api;
using RenderFarm.Coordinator.Database;
using RenderFarm.Coordinator.Feed;
using RenderFarm.Coordinator.Ledger;
using RenderFarm.Coordinator.Models;
using RenderFarm.ServiceDefaults.Artifacts;
using RenderFarm.ServiceDefaults.Bus;
using RenderFarm.ServiceDefaults.Hosting;
using RenderFarm.Shared;
using RenderFarm.Shared.Api;
using RenderFarm.Shared.Protocol;
using RenderFarm.TestKit;

namespace RenderFarm.Coordinator.Tests.Api;

/// <summary>The API on a free port, over a SQLite file (or what a derived farm takes), a folder of artifacts and a bus in memory. There is no worker: tests render through the ledger.</summary>
public class ApiFarm : IAsyncLifetime
{
    public const string Worker = "one";
    private const long Epoch = 1;
    private readonly TemporaryFolder _folder = new();
    private WebApplication _app = null!;

    public string Key { get; } = ApiKey.Generate();

    public string DatabaseFile => _folder.File("farm.db");

    public string ArtifactFolder => _folder.File("artifacts");

    public Uri Address => new(_app.Urls.First());

    public HttpClient Http { get; private set; } = null!;

    public IServiceProvider Services => _app.Services;

    internal FrameLedger Ledger => Services.GetRequiredService<FrameLedger>();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        var database = await CreateDatabaseAsync();
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { ApplicationName = "RenderFarm.Coordinator" });
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Database:Provider"] = database.Provider.ToString(),
            ["Database:ConnectionString"] = database.ConnectionString,
            ["Artifacts:Folder"] = ArtifactFolder,
            ["Access:Key"] = Key,
            ["Ledger:RetryAfter"] = "00:00:00",
            ["Access:LoopbackOnly"] = "true",
        });
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.AddFarmDefaults();
        builder.Services.AddFarmDatabase();
        builder.Services.AddArtifactStore(builder.Configuration);
        builder.Services.AddSingleton<FarmFeed>();
        builder.Services.AddSingleton<Announcer>();
        builder.Services.AddSingleton<LedgerNews>();
        builder.Services.AddHostedService(provider => provider.GetRequiredService<Announcer>());
        builder.Services.AddFarmApi(builder.Configuration);
        builder.Services.AddFarmBus(builder.Configuration);
        _app = builder.Build();
        _app.UseFarmApi();
        _app.MapFarmApi();
        await FarmSchema.ApplyAsync(database, Token);
        await AddModelsAsync();
        await _app.StartAsync(Token);
        Http = NewHttp();
        Http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Key);
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await _app.StopAsync(CancellationToken.None);
        await _app.DisposeAsync();
        await DropDatabaseAsync();
        _folder.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>A client without a key that follows no redirect and keeps no cookie.</summary>
    public HttpClient NewHttp() => new(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false }) { BaseAddress = Address };

    public Task<HttpResponseMessage> PostAsync(string path, string json, string? idempotencyKey = null)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new StringContent(json, Encoding.UTF8, "application/json") };
        if (idempotencyKey is not null)
        {
            request.Headers.Add("Idempotency-Key", idempotencyKey);
        }

        return Http.SendAsync(request, Token);
    }

    public async Task<JobView> SubmitAsync(JobRequest request)
    {
        using var response = await Http.PostAsJsonAsync("/v1/jobs", request, FarmJson.Options, Token);
        return (await response.EnsureSuccessStatusCode().Content.ReadFromJsonAsync<JobView>(FarmJson.Options, Token))!;
    }

    public async Task<T> GetAsync<T>(string path) => (await Http.GetFromJsonAsync<T>(path, FarmJson.Options, Token))!;

    /// <summary>Leases the head of a job's first span to the worker, as the scheduler does.</summary>
    public async Task<LeaseOffered> LeaseAsync(Guid job, int count)
    {
        var span = (await Ledger.WaitingAsync(1000, Token)).First(span => span.JobId == job);
        var result = await Ledger.OfferAsync([new OfferPlan(Guid.NewGuid(), job, span.First, count, Worker, Epoch, span.Strikes.TriedWorkers)], Token);
        var offer = Assert.Single(result.Leases).Offer;
        await Ledger.AcceptAsync([new LeaseAccepted(Worker, Epoch, job, offer.AttemptId, offer.Fence)], Token);
        return offer;
    }

    /// <summary>Stores and commits frames of a lease as one version of the job. The image's bytes say which frame it is.</summary>
    public async Task CommitAsync(LeaseOffered offer, params long[] indexes)
    {
        var store = Services.GetRequiredService<IArtifactStore>();
        var frames = new List<RenderedFrame>();
        foreach (var frame in offer.Frames.Where(frame => indexes.Contains(frame.Index)))
        {
            var bytes = Image(offer.JobId, frame.Index);
            var key = ArtifactKeys.For(offer.Tenant, offer.JobId, frame.Index, offer.AttemptId, "png");
            await store.PutAsync(key, bytes, "image/png", Token);
            frames.Add(new RenderedFrame(frame.Index, frame.Seed, key, Convert.ToHexStringLower(SHA256.HashData(bytes)), bytes.Length, 128, 128, 40));
        }

        var result = await Ledger.CommitAsync([new FramesRendered(Worker, Epoch, offer.JobId, offer.AttemptId, offer.Fence, frames)], Token);
        Assert.Equal(indexes, Assert.Single(result.Answers).Committed);
        Announce(result.Jobs);
    }

    public async Task FailAsync(LeaseOffered offer, long index, string error)
    {
        var result = await Ledger.EndAsync(
            [new LeaseEnded(Worker, Epoch, offer.JobId, offer.AttemptId, offer.Fence, AttemptOutcome.Failed, ErrorClass.Request, error, [new FailedFrame(index, error)])], Token);
        Announce(result.Jobs);
    }

    /// <summary>The render process dies over a lease, and all its frames are struck.</summary>
    public async Task DieAsync(LeaseOffered offer, string evidence)
    {
        var result = await Ledger.EndAsync(
            [new LeaseEnded(Worker, Epoch, offer.JobId, offer.AttemptId, offer.Fence, AttemptOutcome.Crashed, ErrorClass.Crash, "The render process died: signal 11.", [], Evidence: evidence)], Token);
        Announce(result.Jobs);
    }

    public static byte[] Image(Guid job, long index) => Encoding.ASCII.GetBytes($"picture {index} of {job}");

    private protected virtual Task<DatabaseOptions> CreateDatabaseAsync() => Task.FromResult(new DatabaseOptions { ConnectionString = $"Data Source={DatabaseFile};Pooling=false" });

    private protected virtual Task DropDatabaseAsync() => Task.CompletedTask;

    private void Announce(IEnumerable<JobChange> changes)
    {
        foreach (var change in changes)
        {
            Services.GetRequiredService<Announcer>().Announce(new JobChanged(change.JobId, change.Version));
        }
    }

    private async Task AddModelsAsync()
    {
        var now = DateTimeOffset.UnixEpoch;
        await using var db = await Services.GetRequiredService<IDbContextFactory<FarmDb>>().CreateDbContextAsync(Token);
        db.Models.Add(new FarmModel { Name = "emoji", Digest = "d1", Family = "sd1", DefaultWidth = 128, DefaultHeight = 128, SizeMultiple = 32, Bytes = 1, UpdatedAt = now });
        db.Models.Add(new FarmModel { Name = "torn", Problem = "unet/model.onnx is missing", UpdatedAt = now });
        db.Workers.Add(new RenderFarm.Coordinator.Workers.FarmWorker
        {
            Name = Worker,
            Epoch = Epoch,
            State = WorkerState.Ready,
            Version = "1",
            Device = "cpu",
            Slots = 1,
            Window = 2,
            BatchSize = 4,
            MemoryBytes = 1,
            Models = [new WorkerModel("emoji", "d1", "sd1", 128, 128, 32, 1, null), new WorkerModel("torn", null, null, 0, 0, 0, 0, "unet/model.onnx is missing")],
            WarmModels = ["emoji"],
            JoinedAt = now,
            LastSeenAt = now,
        });
        await db.SaveChangesAsync(Token);
    }
}
