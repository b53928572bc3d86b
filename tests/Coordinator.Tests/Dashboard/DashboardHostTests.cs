using RenderFarm.Coordinator.Dashboard;
using RenderFarm.ServiceDefaults.Artifacts;

namespace RenderFarm.Coordinator.Tests.Dashboard;

public sealed class DashboardHostTests
{
    [Fact]
    public void Pictures_come_from_this_server_when_it_keeps_them() =>
        Assert.Contains("img-src 'self';", DashboardHost.ContentSecurityPolicy(new ArtifactsOptions { Store = ArtifactStoreKind.Folder }), StringComparison.Ordinal);

    [Theory]
    [InlineData("s3.example.com:9000", true, null, "img-src 'self' https://s3.example.com:9000;")]
    [InlineData("minio:9000", false, null, "img-src 'self' http://minio:9000;")]
    [InlineData("minio:9000", false, "https://images.example.com", "img-src 'self' https://images.example.com;")]
    public void Pictures_may_come_from_where_the_store_is_reached(string endpoint, bool useTls, string? publicEndpoint, string expected)
    {
        var artifacts = new ArtifactsOptions
        {
            Store = ArtifactStoreKind.S3,
            S3 = new S3Options { Endpoint = endpoint, UseTls = useTls, PublicEndpoint = publicEndpoint is null ? null : new Uri(publicEndpoint) },
        };

        Assert.Contains(expected, DashboardHost.ContentSecurityPolicy(artifacts), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("farm.css")]
    [InlineData("pages.css")]
    [InlineData("farm.js")]
    [InlineData("start.js")]
    [InlineData("icon.svg")]
    [InlineData("blazor.web.js")]
    public void Every_file_of_the_pages_is_in_the_assembly(string name) => Assert.Matches($@"^assets/{name}\?v=[0-9a-f]{{16}}$", new DashboardFiles().UrlOf(name));
}
