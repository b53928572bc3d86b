using System.Net;
using Minio.DataModel.Args;
using RenderFarm.ServiceDefaults.Artifacts;
using RenderFarm.TestKit.Services;

namespace RenderFarm.ServiceDefaults.Tests.Artifacts;

public sealed class S3ArtifactsTests : ArtifactStoreContract, IAsyncLifetime
{
    private static readonly HttpClient Http = new();
    private readonly List<S3Artifacts> _stores = [];
    private TestS3 _server = null!;

    public async ValueTask InitializeAsync() => _server = await TestS3.CreateBucketAsync(TestContext.Current.CancellationToken);

    public async ValueTask DisposeAsync()
    {
        _stores.ForEach(store => store.Dispose());
        await _server.DisposeAsync();
    }

    [Fact]
    public async Task A_link_downloads_under_the_given_name_without_credentials()
    {
        var store = await StoreAsync();
        await store.PutAsync(Key("a.png"), "picture"u8.ToArray(), "image/png", TestContext.Current.CancellationToken);
        var link = await store.PresignGetAsync(Key("a.png"), TimeSpan.FromMinutes(1), "pizza 1 ü.png", TestContext.Current.CancellationToken);
        using var response = await Http.GetAsync(link, TestContext.Current.CancellationToken);
        Assert.Equal("picture", await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        Assert.Equal("image/png", response.Content.Headers.ContentType?.MediaType);
        Assert.Equal("pizza 1 ü.png", response.Content.Headers.ContentDisposition?.FileNameStar);
    }

    [Fact]
    public async Task A_link_without_a_name_works_and_a_changed_one_does_not()
    {
        var store = await StoreAsync();
        await store.PutAsync(Key("a.png"), "picture"u8.ToArray(), "image/png", TestContext.Current.CancellationToken);
        await store.PutAsync(Key("b.png"), "secret"u8.ToArray(), "image/png", TestContext.Current.CancellationToken);
        var link = (await store.PresignGetAsync(Key("a.png"), TimeSpan.FromMinutes(1), null, TestContext.Current.CancellationToken))!.ToString();
        Assert.Equal("picture", await Http.GetStringAsync(new Uri(link), TestContext.Current.CancellationToken));
        using var changed = await Http.GetAsync(new Uri(link.Replace("/a.png", "/b.png", StringComparison.Ordinal)), TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.Forbidden, changed.StatusCode);
    }

    [Fact]
    public async Task Links_carry_the_public_address()
    {
        var store = Open(options => options.PublicEndpoint = new Uri("https://images.example.com"));
        var link = await store.PresignGetAsync("a/b.png", TimeSpan.FromMinutes(1), null, TestContext.Current.CancellationToken);
        Assert.Equal("https://images.example.com/", link?.GetLeftPart(UriPartial.Authority) + "/");
        Assert.Contains("X-Amz-Signature", link?.Query, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_wrong_secret_is_a_wrong_setting_and_named()
    {
        var store = Open(options => options.SecretKey = "wrong-secret");
        foreach (var call in Calls(store))
        {
            var error = await Assert.ThrowsAsync<ArtifactStoreException>(call);
            Assert.Equal(ArtifactFault.Misconfigured, error.Fault);
            Assert.Contains("Artifacts:S3:SecretKey", error.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_missing_bucket_is_a_wrong_setting_and_named()
    {
        var bucket = $"none-{Guid.NewGuid():N}";
        var store = Open(options => (options.Bucket, options.CreateBucket) = (bucket, false));
        foreach (var call in Calls(store))
        {
            var error = await Assert.ThrowsAsync<ArtifactStoreException>(call);
            Assert.Equal(ArtifactFault.Misconfigured, error.Fault);
            Assert.Contains(bucket, error.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_missing_bucket_is_made_where_that_is_allowed()
    {
        var bucket = $"made-{Guid.NewGuid():N}";
        var store = Open(options => options.Bucket = bucket);
        await store.CheckAsync(TestContext.Current.CancellationToken);
        await store.PutAsync("a.png", new byte[] { 7 }, "image/png", TestContext.Current.CancellationToken);
        Assert.Equal([7], await ReadAsync(store, "a.png"));
        await store.DeleteAsync("a.png", TestContext.Current.CancellationToken);
        await _server.Client.RemoveBucketAsync(new RemoveBucketArgs().WithBucket(bucket), TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task A_server_that_is_away_may_be_tried_again()
    {
        var store = Open(options => options.Endpoint = "127.0.0.1:9");
        foreach (var call in Calls(store))
        {
            var error = await Assert.ThrowsAsync<ArtifactStoreException>(call);
            Assert.Equal(ArtifactFault.Unavailable, error.Fault);
            Assert.Contains("127.0.0.1:9", error.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_server_that_never_answers_may_be_tried_again()
    {
        using var silent = new System.Net.Sockets.TcpListener(IPAddress.Loopback, 0);
        silent.Start();
        var store = Open(options => (options.Endpoint, options.RequestTimeout) = (silent.LocalEndpoint.ToString()!, TimeSpan.FromSeconds(1)));
        var error = await Assert.ThrowsAsync<ArtifactStoreException>(() => store.PutAsync("a.png", new byte[1], "image/png", TestContext.Current.CancellationToken));
        Assert.Equal(ArtifactFault.Unavailable, error.Fault);
    }

    protected override Task<IArtifactStore> StoreAsync() => Task.FromResult<IArtifactStore>(Open(_ => { }));

    private static IEnumerable<Func<Task>> Calls(S3Artifacts store) =>
    [
        () => store.CheckAsync(TestContext.Current.CancellationToken),
        () => store.PutAsync("a.png", new byte[1], "image/png", TestContext.Current.CancellationToken),
        () => store.OpenReadAsync("a.png", TestContext.Current.CancellationToken),
        () => store.DeleteAsync("a.png", TestContext.Current.CancellationToken),
        async () => await store.ListAsync("a/", TestContext.Current.CancellationToken).GetAsyncEnumerator(TestContext.Current.CancellationToken).MoveNextAsync(),
    ];

    private S3Artifacts Open(Action<S3Options> change)
    {
        var options = new S3Options
        {
            Endpoint = _server.Endpoint,
            AccessKey = _server.AccessKey,
            SecretKey = _server.SecretKey,
            Region = _server.Region,
            Bucket = _server.Bucket,
            UseTls = false,
        };
        change(options);
        var store = new S3Artifacts(options, TimeProvider.System);
        _stores.Add(store);
        return store;
    }
}
