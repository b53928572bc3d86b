namespace RenderFarm.Coordinator.Upkeep;

/// <summary>Puts the chores into the coordinator.</summary>
internal static class FarmUpkeep
{
    public static IServiceCollection AddFarmUpkeep(this IServiceCollection services)
    {
        services.AddOptions<UpkeepOptions>().BindConfiguration(UpkeepOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        services.AddSingleton<IChore, DropQuarantine>();
        services.AddSingleton<IChore, RetainJobs>();
        services.AddSingleton<IChore, PruneAttempts>();
        services.AddSingleton<IChore, PruneStrikes>();
        services.AddSingleton<IChore, SweepObjects>();
        services.AddHostedService<ChoreLoops>();
        return services;
    }
}
