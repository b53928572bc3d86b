namespace RenderFarm.Diffusion.Schedules;

/// <summary>The schedules of solvers that are written for x / sqrt(1 + sigma^2) and leave the first trained timestep to the end.</summary>
internal static class ExclusivePlan
{
    public static NoiseSchedule Of(ScheduleRequest request, string spacing, double end)
    {
        var (trained, config, _, steps, _) = request;
        var timesteps = Spacing.Exclusive(spacing, trained.Timesteps, steps, config.StepsOffset);
        var sigmas = timesteps.Select(trained.SigmaAt).ToArray();
        if (request.IsKarras)
        {
            sigmas = KarrasSchedule.Sigmas(trained.SmallestSigma, trained.LargestSigma, steps);
            timesteps = [.. sigmas.Select(sigma => Math.Round(trained.TimestepAt(sigma)))];
        }

        return NoiseSchedule.Ending(timesteps, sigmas, end, NoiseSchedule.Deviation((float)sigmas[0]));
    }

    /// <summary>In the config's spacing, to the end that the config names.</summary>
    public static NoiseSchedule Of(ScheduleRequest request) =>
        Of(request, request.Config.TimestepSpacing ?? "linspace", request.NamedEnd);
}
