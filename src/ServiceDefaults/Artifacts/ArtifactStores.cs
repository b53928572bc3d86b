using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace RenderFarm.ServiceDefaults.Artifacts;

/// <summary>Adds the artifact store that section <c>Artifacts</c> describes.</summary>
public static class ArtifactStores
{
    /// <summary>Registers one <see cref="IArtifactStore"/>; adding it twice, as the embedded farm does, keeps the first.</summary>
    public static IServiceCollection AddArtifactStore(this IServiceCollection services, IConfiguration configuration)
    {
        if (services.Any(service => service.ServiceType == typeof(IArtifactStore)))
        {
            return services;
        }

        services.AddOptions<ArtifactsOptions>().Bind(configuration.GetSection("Artifacts")).ValidateDataAnnotations().ValidateOnStart();
        services.AddSingleton(provider => Open(provider.GetRequiredService<IOptions<ArtifactsOptions>>().Value, provider.GetService<TimeProvider>() ?? TimeProvider.System));
        return services;
    }

    /// <summary>The store that the options describe; nothing is read or written yet.</summary>
    public static IArtifactStore Open(ArtifactsOptions options, TimeProvider time) => options.Store switch
    {
        ArtifactStoreKind.Folder => new FolderArtifacts(options.Folder),
        ArtifactStoreKind.S3 => new S3Artifacts(options.S3, time),
        _ => throw new InvalidOperationException($"Artifacts:Store is '{options.Store}'; allowed: {string.Join(", ", Enum.GetNames<ArtifactStoreKind>())}."),
    };
}
