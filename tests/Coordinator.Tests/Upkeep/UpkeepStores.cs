using RenderFarm.ServiceDefaults.Artifacts;
using RenderFarm.TestKit;
using RenderFarm.TestKit.Services;

namespace RenderFarm.Coordinator.Tests.Upkeep;

/// <summary>A folder and a bucket of a test's own.</summary>
public sealed class UpkeepStores : IAsyncDisposable
{
    private readonly TemporaryFolder _folder = new();
    private TestS3? _bucket;
    private S3Artifacts? _s3;

    public string Folder => _folder.Path;

    public async Task<IArtifactStore> OpenAsync(ArtifactStoreKind kind)
    {
        if (kind == ArtifactStoreKind.Folder)
        {
            return new FolderArtifacts(_folder.Path);
        }

        _bucket ??= await TestS3.CreateBucketAsync(TestContext.Current.CancellationToken);
        return _s3 ??= new S3Artifacts(
            new S3Options
            {
                Endpoint = _bucket.Endpoint,
                AccessKey = _bucket.AccessKey,
                SecretKey = _bucket.SecretKey,
                Bucket = _bucket.Bucket,
                Region = _bucket.Region,
                UseTls = false,
                CreateBucket = false,
            },
            TimeProvider.System);
    }

    public async ValueTask DisposeAsync()
    {
        _s3?.Dispose();
        if (_bucket is not null)
        {
            await _bucket.DisposeAsync();
        }

        _folder.Dispose();
    }
}
