namespace RenderFarm.Diffusion.Schedules;

/// <summary>
/// The schedules of networks distilled to few steps, which know only the timesteps k - 1, 2k - 1, ... that their teacher's solver
/// stood at, k being its skipping step: Luo et al., arXiv:2310.04378, section 4.3.
/// </summary>
internal static class DistilledPlan
{
    public static NoiseSchedule Of(ScheduleRequest request, double end)
    {
        var (trained, config, _, steps, _) = request;
        var known = config.OriginalSteps;
        var skip = trained.Timesteps / known;
        var stride = known / (double)steps;
        double[] timesteps = [.. Enumerable.Range(0, steps).Select(i => (double)(((known - (int)(i * stride)) * skip) - 1))];
        var sigmas = timesteps.Select(trained.SigmaAt).ToArray();
        if (request.IsKarras)
        {
            sigmas = KarrasSchedule.Sigmas(sigmas[^1], sigmas[0], steps);
            timesteps = [.. sigmas.Select(trained.TimestepAt)];
        }

        return NoiseSchedule.Ending(timesteps, sigmas, end, NoiseSchedule.Deviation((float)sigmas[0]));
    }
}
