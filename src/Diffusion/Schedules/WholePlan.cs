namespace RenderFarm.Diffusion.Schedules;

/// <summary>The schedules of samplers that are written for whole timesteps: DDPM, DDIM and PNDM.</summary>
internal static class WholePlan
{
    /// <summary>From each timestep to the next.</summary>
    public static NoiseSchedule Stepwise(ScheduleRequest request, double end)
    {
        var (trained, config, _, steps, _) = request;
        var timesteps = Spacing.Inclusive(config.TimestepSpacing ?? "leading", trained.Timesteps, steps, config.StepsOffset).Select(t => Math.Round(t)).ToArray();
        var sigmas = timesteps.Select(trained.SigmaAt).ToArray();
        if (request.IsKarras)
        {
            sigmas = KarrasSchedule.Sigmas(sigmas[^1], sigmas[0], steps);
            timesteps = [.. sigmas.Select(trained.TimestepAt)];
        }

        return NoiseSchedule.Ending(timesteps, sigmas, end, NoiseSchedule.Deviation((float)sigmas[0]));
    }

    /// <summary>From each timestep down by a fixed stride: see <see cref="NoiseSchedule.Targets"/>. Karras sigmas know no stride.</summary>
    public static NoiseSchedule Strided(ScheduleRequest request, double end)
    {
        var schedule = Stepwise(request, end);
        if (request.IsKarras)
        {
            return schedule;
        }

        var stride = Stride(request.Trained, request.Steps);
        float[] targets = [.. schedule.Timesteps.Select(t => t - stride).Select(t => (float)(t < 0 ? end : request.Trained.SigmaAt(t)))];
        return schedule with { Targets = targets, Sigmas = [.. schedule.Sigmas[..^1], targets[^1]] };
    }

    public static int Stride(TrainedNoise trained, int steps) => trained.Timesteps / steps;
}
