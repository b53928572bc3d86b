using System.Numerics.Tensors;
using RenderFarm.Diffusion.Models;
using RenderFarm.Diffusion.Noise;
using RenderFarm.Diffusion.Samplers;
using RenderFarm.Diffusion.Schedules;

namespace RenderFarm.Diffusion.Tests.Samplers;

/// <summary>
/// Where pictures are normal noise of deviation d, the best network sees x d^2 / (sigma^2 + d^2), and the probability-flow ODE has the
/// solution x(sigma) = x(sigma_0) sqrt((sigma^2 + d^2) / (sigma_0^2 + d^2)), whatever the solver.
/// </summary>
public sealed class SolverAccuracyTests
{
    private const int Size = 8192;
    private const float Variance = 0.25f;

    public static TheoryData<string, string?> Solvers => new()
    {
        { SamplerNames.Pndm, null },
        { SamplerNames.Lms, null },
        { SamplerNames.Heun, null },
        { SamplerNames.Dpm2, null },
        { SamplerNames.DpmPlusPlus2M, "midpoint" },
        { SamplerNames.DpmPlusPlus2M, "heun" },
        { SamplerNames.DpmPlusPlus2S, "midpoint" },
        { SamplerNames.DpmPlusPlus2S, "heun" },
        { SamplerNames.Deis, "logrho" },
        { SamplerNames.UniPc, "bh1" },
        { SamplerNames.UniPc, "bh2" },
    };

    public static TheoryData<string, string?> Stochastic => new()
    {
        { SamplerNames.Ddpm, null },
        { SamplerNames.EulerAncestral, null },
        { SamplerNames.Dpm2Ancestral, null },
        { SamplerNames.DpmPlusPlus2MSde, "midpoint" },
        { SamplerNames.DpmPlusPlus2MSde, "heun" },
    };

    [Theory]
    [MemberData(nameof(Solvers))]
    public void A_solver_of_higher_order_is_nearer_to_the_solution_than_eulers(string name, string? type)
    {
        var (euler, error) = (Error(name, type, 25, asEuler: true), Error(name, type, 25, asEuler: false));

        Assert.True(error < euler / 2, $"its error is {error:g3}, Euler's is {euler:g3}");
    }

    [Theory]
    [MemberData(nameof(Solvers))]
    public void Twice_the_steps_are_at_least_twice_as_near(string name, string? type)
    {
        var (few, many) = (Error(name, type, 20, asEuler: false), Error(name, type, 40, asEuler: false));

        Assert.True(many < few / 2, $"the error is {many:g3}, with half the steps {few:g3}");
    }

    [Theory]
    [MemberData(nameof(Stochastic))]
    public void Fresh_noise_keeps_the_spread_of_the_pictures(string name, string? type)
    {
        var run = Start(name, type, 100);

        Take(SamplerTable.Named(name), run, run.Schedule.Steps);

        var deviation = TensorPrimitives.StdDev<float>(run.X);
        Assert.InRange(deviation, 0.95 * Math.Sqrt(Variance), 1.05 * Math.Sqrt(Variance));
    }

    /// <summary>How far off the solution is at the last level above zero that the schedule visits.</summary>
    private static double Error(string name, string? type, int steps, bool asEuler)
    {
        var run = Start(name, type, steps);
        var first = run.X[0];
        var (from, to) = (run.Schedule.Sigmas[0], run.Schedule.Sigmas[steps - 1]);

        Take(SamplerTable.Named(asEuler ? SamplerNames.Euler : name), run, steps - 1);

        var solution = first * Math.Sqrt((((double)to * to) + Variance) / (((double)from * from) + Variance));
        return Math.Abs(run.X[0] - solution) / Math.Abs(solution);
    }

    private static SamplerRun Start(string name, string? type, int steps)
    {
        var config = new SchedulerConfig { BetaStart = 0.00085, BetaEnd = 0.012, BetaSchedule = "scaled_linear", StepsOffset = 1, SolverType = type };
        var trained = new TrainedNoise(config);
        var schedule = SamplerTable.Named(name).Plan(new ScheduleRequest(trained, config, ScheduleNames.Karras, steps));
        var noise = new TorchRandom(1);
        var x = new float[Size];
        noise.FillNormal(x);
        TensorPrimitives.Multiply(x, schedule.InitialScale, x);
        return new SamplerRun(trained, schedule, x, noise, new SamplerOptions { Eta = 1 });
    }

    /// <summary>Runs until the network is asked about x at the given step.</summary>
    private static void Take(ISampler sampler, SamplerRun run, int steps)
    {
        foreach (var asked in sampler.Sample(run))
        {
            if (asked.Step == steps)
            {
                return;
            }

            TensorPrimitives.Multiply(asked.X, Variance / ((asked.Sigma * asked.Sigma) + Variance), run.Denoised);
        }
    }
}
