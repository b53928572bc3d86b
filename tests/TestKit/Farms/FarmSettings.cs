using RenderFarm.TestKit.Services;

namespace RenderFarm.TestKit.Farms;

/// <summary>Settings of a process, as environment variables.</summary>
internal static class FarmSettings
{
    public static Dictionary<string, string> Of(TestPostgres database, TestRabbitMq broker, TestS3 store, string key) => new()
    {
        ["RENDERFARM__Database__Provider"] = "Postgres",
        ["RENDERFARM__Database__ConnectionString"] = database.ConnectionString,
        ["RENDERFARM__Bus__Transport"] = "RabbitMq",
        ["RENDERFARM__Bus__Uri"] = broker.Uri.ToString(),
        ["RENDERFARM__Artifacts__Store"] = "S3",
        ["RENDERFARM__Artifacts__S3__Endpoint"] = store.Endpoint,
        ["RENDERFARM__Artifacts__S3__AccessKey"] = store.AccessKey,
        ["RENDERFARM__Artifacts__S3__SecretKey"] = store.SecretKey,
        ["RENDERFARM__Artifacts__S3__Bucket"] = store.Bucket,
        ["RENDERFARM__Artifacts__S3__Region"] = store.Region,
        ["RENDERFARM__Artifacts__S3__UseTls"] = "false",
        ["RENDERFARM__Access__Key"] = key,
        ["RENDERFARM__Worker__Models"] = Repository.Models,
        ["RENDERFARM__Worker__Threads"] = "1",
    };
}
