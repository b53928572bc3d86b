using Minio;
using Minio.DataModel.Args;
using RenderFarm.TestKit.Farms;

namespace RenderFarm.TestKit.Services;

/// <summary>An empty S3 bucket of its own for a test class, deleted with its objects when disposed.</summary>
public sealed class TestS3 : IAsyncDisposable
{
    private static readonly TimeSpan GoneWithin = TimeSpan.FromMinutes(2);

    private TestS3(string bucket)
    {
        Bucket = bucket;
        Client = new MinioClient()
            .WithEndpoint(Endpoint)
            .WithCredentials(AccessKey, SecretKey)
            .WithRegion(Region)
            .WithSSL(false)
            .Build();
    }

    /// <summary>host:port, without TLS.</summary>
    public string Endpoint { get; } = TestEnvironment.Require("RENDERFARM_TEST_S3_ENDPOINT");

    public string AccessKey { get; } = TestEnvironment.Require("RENDERFARM_TEST_S3_ACCESS_KEY");

    public string SecretKey { get; } = TestEnvironment.Require("RENDERFARM_TEST_S3_SECRET_KEY");

    public string Region { get; } = TestEnvironment.Require("RENDERFARM_TEST_S3_REGION");

    public string Bucket { get; }

    /// <summary>The test's own way to the store, beside the code under test.</summary>
    public IMinioClient Client { get; }

    public static async Task<TestS3> CreateBucketAsync(CancellationToken cancellationToken = default)
    {
        var store = new TestS3(TestEnvironment.NewName("test-"));
        await store.Client.MakeBucketAsync(new MakeBucketArgs().WithBucket(store.Bucket), cancellationToken);
        return store;
    }

    public async Task<IReadOnlyList<string>> ListKeysAsync(CancellationToken cancellationToken = default)
    {
        var keys = new List<string>();
        var every = new ListObjectsArgs().WithBucket(Bucket).WithRecursive(true);
        await foreach (var item in Client.ListObjectsEnumAsync(every, cancellationToken))
        {
            keys.Add(item.Key);
        }

        return keys;
    }

    public async ValueTask DisposeAsync()
    {
        // The server may still be storing what a killed worker sent last.
        await Eventually.IsAsync(RemoveAsync, isGone => isGone, GoneWithin, explain: null, CancellationToken.None);
        Client.Dispose();
    }

    private async Task<bool> RemoveAsync()
    {
        // Ten thousands of them would take minutes one after the other.
        await Parallel.ForEachAsync(
            await ListKeysAsync(), new ParallelOptions { MaxDegreeOfParallelism = 16 },
            async (key, cancellationToken) => await Client.RemoveObjectAsync(new RemoveObjectArgs().WithBucket(Bucket).WithObject(key), cancellationToken));

        await Client.RemoveBucketAsync(new RemoveBucketArgs().WithBucket(Bucket));
        return true;
    }
}
