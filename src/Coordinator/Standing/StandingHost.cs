namespace RenderFarm.Coordinator.Standing;

internal static class StandingHost
{
    /// <summary>Strikes, blocks, drains and incidents, by the section <c>Standing</c>.</summary>
    public static IServiceCollection AddStanding(this IServiceCollection services)
    {
        services.AddOptions<StandingOptions>().BindConfiguration(StandingOptions.Section).ValidateDataAnnotations()
            .Validate(options => options.Within > TimeSpan.Zero, "Standing:Within must be more than zero.")
            .Validate(options => options.BlockFor > TimeSpan.Zero, "Standing:BlockFor must be more than zero.")
            .Validate(options => options.IncidentMargin >= TimeSpan.Zero, "Standing:IncidentMargin must not be negative.")
            .ValidateOnStart();
        services.AddSingleton<LiftMeasures>().AddSingleton<ExcuseStrikes>().AddSingleton<Incidents>();
        services.AddSingleton<JudgeWorkers>().AddSingleton<RecordStrikes>();
        services.AddSingleton<WatchWorkers>();
        services.AddHostedService(provider => provider.GetRequiredService<WatchWorkers>());
        return services;
    }
}
