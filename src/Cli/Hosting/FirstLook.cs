using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using RenderFarm.Coordinator.Database;
using RenderFarm.ServiceDefaults.Artifacts;
using RenderFarm.ServiceDefaults.Bus;

namespace RenderFarm.Cli.Hosting;

/// <summary>What the servers themselves say of the settings, asked once at the start. A server that is away is waited for; one that refuses ends the program, because waiting would not help.</summary>
internal static class FirstLook
{
    /// <summary>Throws what a server refuses.</summary>
    public static Task AtAllAsync(IServiceProvider services, CancellationToken cancellationToken) => FirstRefusalAsync(
        AtDatabaseAsync(services.GetRequiredService<IOptions<DatabaseOptions>>().Value, cancellationToken), AtBusAndStoreAsync(services, cancellationToken));

    /// <summary>Throws what the broker or the store refuses.</summary>
    public static Task AtBusAndStoreAsync(IServiceProvider services, CancellationToken cancellationToken) => FirstRefusalAsync(
        AtBusAsync(services.GetRequiredService<IOptions<BusOptions>>().Value, cancellationToken), AtStoreAsync(services.GetRequiredService<IArtifactStore>(), cancellationToken));

    private static async Task FirstRefusalAsync(params Task[] looks)
    {
        await foreach (var look in Task.WhenEach(looks))
        {
            await look;
        }
    }

    private static async Task AtDatabaseAsync(DatabaseOptions options, CancellationToken cancellationToken)
    {
        try
        {
            await FarmSchema.CheckAsync(options, cancellationToken);
        }
        catch (FarmDatabaseException away) when (away.Fault == DatabaseFault.Away)
        {
        }
    }

    private static async Task AtBusAsync(BusOptions options, CancellationToken cancellationToken)
    {
        try
        {
            await BrokerCheck.CheckAsync(options, cancellationToken);
        }
        catch (BusUnavailableException away) when (!away.IsRefused)
        {
        }
    }

    private static async Task AtStoreAsync(IArtifactStore store, CancellationToken cancellationToken)
    {
        try
        {
            await store.CheckAsync(cancellationToken);
        }
        catch (ArtifactStoreException away) when (away.Fault != ArtifactFault.Misconfigured)
        {
        }
    }
}
