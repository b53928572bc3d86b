using RenderFarm.Diffusion.Models;

namespace RenderFarm.Diffusion.Samplers.Multistep;

/// <summary>What the solvers of DPM-Solver++, arXiv:2211.01095, share.</summary>
internal static class DpmPlusPlus
{
    // Below this many steps the last one is of first order, which the paper's authors found more stable.
    private const int FewSteps = 15;

    /// <summary>
    /// The weight of D1 over a step of h in lambda. "midpoint" stands for equation 4.1 of algorithms 1 and 2, (1 - exp(-h)) / 2;
    /// "heun" integrates D1 exactly: 1 - (1 - exp(-h)) / h. The stochastic solvers have 2h for h.
    /// </summary>
    public static double Curvature(double h, SchedulerConfig config)
    {
        var moved = -double.ExpM1(-h);
        return config.SolverType == "heun" ? 1 - (moved / h) : moved / 2;
    }

    /// <summary>Whether step i is the last one and better taken without the history.</summary>
    public static bool EndsPlainly(SamplerRun run, int i) =>
        i == run.Schedule.Steps - 1 && (run.Schedule.Targets[i] == 0 || run.Schedule.Steps < FewSteps || run.Trained.Config.EndsWithEuler);
}
