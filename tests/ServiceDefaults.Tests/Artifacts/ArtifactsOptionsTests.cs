using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using RenderFarm.ServiceDefaults.Artifacts;

namespace RenderFarm.ServiceDefaults.Tests.Artifacts;

public sealed class ArtifactsOptionsTests
{
    [Theory]
    [InlineData("Artifacts:Folder", "Artifacts:Store=Folder", "Artifacts:Folder= ")]
    [InlineData("Artifacts:S3:Endpoint", "Artifacts:Store=S3", "Artifacts:S3:AccessKey=a", "Artifacts:S3:SecretKey=b")]
    [InlineData("Artifacts:S3:Endpoint", "Artifacts:Store=S3", "Artifacts:S3:AccessKey=a", "Artifacts:S3:SecretKey=b", "Artifacts:S3:Endpoint=http://host:1")]
    [InlineData("Artifacts:S3:AccessKey", "Artifacts:Store=S3", "Artifacts:S3:SecretKey=b", "Artifacts:S3:Endpoint=host:1")]
    [InlineData("Artifacts:S3:SecretKey", "Artifacts:Store=S3", "Artifacts:S3:AccessKey=b", "Artifacts:S3:Endpoint=host:1")]
    [InlineData("Artifacts:S3:PublicEndpoint", "Artifacts:Store=S3", "Artifacts:S3:AccessKey=a", "Artifacts:S3:SecretKey=b", "Artifacts:S3:Endpoint=host:1", "Artifacts:S3:PublicEndpoint=ftp://x")]
    [InlineData("Artifacts:S3:RequestTimeout", "Artifacts:Store=S3", "Artifacts:S3:AccessKey=a", "Artifacts:S3:SecretKey=b", "Artifacts:S3:Endpoint=host:1", "Artifacts:S3:RequestTimeout=00:00:00")]
    public void A_wrong_setting_is_named(string key, params string[] settings)
    {
        var error = Assert.Throws<OptionsValidationException>(() => Build(settings).GetRequiredService<IArtifactStore>());
        Assert.Contains(key, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_settings_choose_the_store()
    {
        Assert.IsType<FolderArtifacts>(Build().GetRequiredService<IArtifactStore>());
        Assert.IsType<S3Artifacts>(Build("Artifacts:Store=S3", "Artifacts:S3:AccessKey=a", "Artifacts:S3:SecretKey=b", "Artifacts:S3:Endpoint=host:1").GetRequiredService<IArtifactStore>());
    }

    [Fact]
    public void Adding_the_store_twice_keeps_one()
    {
        var configuration = new ConfigurationBuilder().Build();
        var services = new ServiceCollection().AddArtifactStore(configuration).AddArtifactStore(configuration);
        Assert.Single(services, service => service.ServiceType == typeof(IArtifactStore));
    }

    private static ServiceProvider Build(params string[] settings)
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(settings.Select(setting => setting.Split('=', 2)).ToDictionary(pair => pair[0], pair => (string?)pair[1])).Build();
        return new ServiceCollection().AddArtifactStore(configuration).BuildServiceProvider();
    }
}
