namespace RenderFarm.Diffusion.Schedules;

/// <summary>The schedules of the samplers that k-diffusion knows: through timesteps that include the first trained one, on x itself.</summary>
internal static class InclusivePlan
{
    /// <summary>Karras sigmas fall between timesteps; some samplers tell the network the nearest whole one.</summary>
    public static NoiseSchedule Of(ScheduleRequest request, double end = 0, bool roundsKarras = false)
    {
        var (trained, config, _, steps, _) = request;
        var spacing = config.TimestepSpacing ?? "linspace";
        var timesteps = Spacing.Inclusive(spacing, trained.Timesteps, steps, config.StepsOffset);
        var sigmas = timesteps.Select(trained.SigmaAt).ToArray();
        if (request.IsKarras)
        {
            sigmas = KarrasSchedule.Sigmas(sigmas[^1], sigmas[0], steps);
            timesteps = [.. sigmas.Select(trained.TimestepAt).Select(t => roundsKarras ? Math.Round(t) : t)];
        }

        // "leading" does not start at pure noise, so the start also holds the data's own variance.
        var largest = (float)sigmas[0];
        var scale = spacing == "leading" ? NoiseSchedule.Deviation(largest) : largest;
        return NoiseSchedule.Ending(timesteps, sigmas, end, scale) with { EndsUnscaled = true };
    }
}
