using System.Net;
using System.Net.Http.Headers;
using System.Runtime.CompilerServices;
using CommunityToolkit.HighPerformance;
using Minio;
using Minio.DataModel.Args;

namespace RenderFarm.ServiceDefaults.Artifacts;

/// <summary>Artifacts as objects of an S3 bucket: MinIO, Ceph, AWS and others that speak the protocol.</summary>
public sealed class S3Artifacts : IArtifactStore, IDisposable
{
    private static readonly TimeSpan MinExpiry = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan MaxExpiry = TimeSpan.FromDays(7);
    private static readonly TimeSpan OwnReadExpiry = TimeSpan.FromMinutes(10);

    // A store that takes less of a large object is as good as away.
    private const int SlowestBytesPerSecond = 256 << 10;
    private readonly S3Options _options;
    private readonly TimeProvider _time;
    private readonly HttpClient _http;
    private readonly IMinioClient _client;
    private readonly IMinioClient _links;

    /// <summary>Makes the client; nothing is sent before the first call.</summary>
    public S3Artifacts(S3Options options, TimeProvider time)
    {
        _options = options;
        _time = time;
        // Name changes of the server are seen because no connection lives for ever.
        _http = new HttpClient(new SocketsHttpHandler { PooledConnectionLifetime = TimeSpan.FromMinutes(5) }) { Timeout = Timeout.InfiniteTimeSpan };
        _client = NewClient(options.Endpoint, options.UseTls);
        _links = options.PublicEndpoint is { } address ? NewClient(address.Authority, address.Scheme == "https") : _client;
    }

    /// <inheritdoc/>
    public Task PutAsync(string key, ReadOnlyMemory<byte> content, string contentType, CancellationToken cancellationToken)
    {
        ArtifactKey.Validate(key);
        return GuardAsync($"store '{key}'", limited => PutObjectAsync(key, content, contentType, limited), cancellationToken);
    }

    /// <inheritdoc/>
    public Task PutAsync(string key, Stream content, long bytes, string contentType, CancellationToken cancellationToken)
    {
        ArtifactKey.Validate(key);
        var allowed = _options.RequestTimeout + TimeSpan.FromSeconds(bytes / (double)SlowestBytesPerSecond);
        return GuardAsync($"store '{key}'", limited => PutObjectAsync(key, content, bytes, contentType, limited), cancellationToken, allowed);
    }

    /// <inheritdoc/>
    public Task<Stream> OpenReadAsync(string key, CancellationToken cancellationToken) => OpenAsync(key, null, cancellationToken);

    /// <inheritdoc/>
    public Task<Stream> OpenRangeAsync(string key, long offset, long bytes, CancellationToken cancellationToken) =>
        OpenAsync(key, new RangeHeaderValue(offset, offset + bytes - 1), cancellationToken);

    /// <inheritdoc/>
    public Task DeleteAsync(string key, CancellationToken cancellationToken)
    {
        ArtifactKey.Validate(key);
        return GuardAsync(
            $"delete '{key}'",
            async limited =>
            {
                await _client.RemoveObjectAsync(new RemoveObjectArgs().WithBucket(_options.Bucket).WithObject(key), limited);
                return true;
            },
            cancellationToken);
    }

    /// <inheritdoc/>
    public Task<Uri?> PresignGetAsync(string key, TimeSpan expiry, string? fileName, CancellationToken cancellationToken)
    {
        ArtifactKey.Validate(key);
        if (expiry < MinExpiry || expiry > MaxExpiry)
        {
            throw new ArgumentOutOfRangeException(nameof(expiry), expiry, $"A link may last from {MinExpiry} to {MaxExpiry}.");
        }

        var link = Link(key, expiry);
        if (fileName is not null)
        {
            var disposition = new ContentDispositionHeaderValue("attachment") { FileNameStar = fileName };
            link = link.WithHeaders(new Dictionary<string, string> { ["response-content-disposition"] = disposition.ToString() });
        }

        return GuardAsync<Uri?>($"make a link to '{key}'", async _ => new Uri(await _links.PresignedGetObjectAsync(link)), cancellationToken);
    }

    /// <inheritdoc/>
    public Task CheckAsync(CancellationToken cancellationToken) => GuardAsync(
        "write a test object",
        async limited =>
        {
            if (!await _client.BucketExistsAsync(new BucketExistsArgs().WithBucket(_options.Bucket), limited))
            {
                if (!_options.CreateBucket)
                {
                    throw new ArtifactStoreException(
                        ArtifactFault.Misconfigured, $"The S3 server {_options.Endpoint} has no bucket '{_options.Bucket}'. Make it, set Artifacts:S3:Bucket to one that exists, or set Artifacts:S3:CreateBucket to true.");
                }

                await _client.MakeBucketAsync(new MakeBucketArgs().WithBucket(_options.Bucket), limited);
            }

            var probe = $"check/{Guid.NewGuid():N}";
            await PutObjectAsync(probe, new byte[] { 1 }, "application/octet-stream", limited);
            await _client.RemoveObjectAsync(new RemoveObjectArgs().WithBucket(_options.Bucket).WithObject(probe), limited);
            return true;
        },
        cancellationToken);

    /// <inheritdoc/>
    public async IAsyncEnumerable<StoredArtifact> ListAsync(string prefix, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        ArtifactKey.ValidatePrefix(prefix);
        var arguments = new ListObjectsArgs().WithBucket(_options.Bucket).WithPrefix(prefix).WithRecursive(true);
        await using var items = _client.ListObjectsEnumAsync(arguments, cancellationToken).GetAsyncEnumerator(cancellationToken);
        while (await GuardAsync($"list '{prefix}'", limited => items.MoveNextAsync().AsTask().WaitAsync(limited), cancellationToken))
        {
            var item = items.Current;
            yield return new StoredArtifact(item.Key, (long)item.Size, item.LastModifiedDateTime ?? DateTime.UnixEpoch);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (!ReferenceEquals(_links, _client))
        {
            _links.Dispose();
        }

        _client.Dispose();
        _http.Dispose();
    }

    private IMinioClient NewClient(string endpoint, bool useTls) => new MinioClient()
        .WithEndpoint(endpoint)
        .WithCredentials(_options.AccessKey, _options.SecretKey)
        .WithRegion(_options.Region)
        .WithSSL(useTls)
        .WithHttpClient(_http)
        .Build();

    private PresignedGetObjectArgs Link(string key, TimeSpan expiry) =>
        new PresignedGetObjectArgs().WithBucket(_options.Bucket).WithObject(key).WithExpiry((int)expiry.TotalSeconds);

    private Task<Stream> OpenAsync(string key, RangeHeaderValue? range, CancellationToken cancellationToken)
    {
        ArtifactKey.Validate(key);
        return GuardAsync(
            $"read '{key}'",
            async limited =>
            {
                // The client can only push an object into a callback; a signed link gives a stream and costs one request instead of two.
                using var request = new HttpRequestMessage(HttpMethod.Get, await _client.PresignedGetObjectAsync(Link(key, OwnReadExpiry)));
                request.Headers.Range = range;
                var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, limited);
                if (response.StatusCode != (range is null ? HttpStatusCode.OK : HttpStatusCode.PartialContent))
                {
                    using (response)
                    {
                        throw await S3Errors.FromAsync(response, key, _options, limited);
                    }
                }

                return await response.Content.ReadAsStreamAsync(limited);
            },
            cancellationToken);
    }

    private async Task<bool> PutObjectAsync(string key, ReadOnlyMemory<byte> content, string contentType, CancellationToken cancellationToken)
    {
        await using var stream = content.AsStream();
        return await PutObjectAsync(key, stream, content.Length, contentType, cancellationToken);
    }

    private async Task<bool> PutObjectAsync(string key, Stream content, long bytes, string contentType, CancellationToken cancellationToken)
    {
        var arguments = new PutObjectArgs().WithBucket(_options.Bucket).WithObject(key).WithStreamData(content).WithObjectSize(bytes).WithContentType(contentType);
        await _client.PutObjectAsync(arguments, cancellationToken);
        return true;
    }

    private async Task<T> GuardAsync<T>(string what, Func<CancellationToken, Task<T>> action, CancellationToken cancellationToken, TimeSpan? allowed = null)
    {
        using var timeout = new CancellationTokenSource(allowed ?? _options.RequestTimeout, _time);
        using var limited = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        try
        {
            return await action(limited.Token);
        }
        catch (Exception ex) when (ex is not ArtifactStoreException && !cancellationToken.IsCancellationRequested)
        {
            throw S3Errors.From(ex, what, _options);
        }
    }
}
