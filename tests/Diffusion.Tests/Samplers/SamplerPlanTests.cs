using System.Numerics.Tensors;
using RenderFarm.Diffusion.Models;
using RenderFarm.Diffusion.Noise;
using RenderFarm.Diffusion.Samplers;
using RenderFarm.Diffusion.Schedules;

namespace RenderFarm.Diffusion.Tests.Samplers;

/// <summary>The schedules of the samplers, with every spacing that a model's config can ask for.</summary>
public sealed class SamplerPlanTests
{
    private const int Size = 64;

    public static TheoryData<string, string?, bool> Plans
    {
        get
        {
            var plans = new TheoryData<string, string?, bool>();
            foreach (var sampler in SamplerNames.All)
            {
                foreach (var spacing in new[] { null, "leading", "trailing", "linspace" })
                {
                    plans.Add(sampler, spacing, false);
                    plans.Add(sampler, spacing, true);
                }
            }

            return plans;
        }
    }

    [Theory]
    [MemberData(nameof(Plans))]
    public void Noise_falls_from_step_to_step_and_timesteps_were_trained(string sampler, string? spacing, bool karras)
    {
        var most = SamplerTable.Named(sampler).MaxSteps(Config(spacing));
        foreach (var steps in new[] { 1, 2, 3, 7, 20, 100, most }.Where(steps => steps <= most))
        {
            var schedule = Plan(sampler, spacing, karras, steps);

            Assert.Equal((steps, steps, steps + 1), (schedule.Steps, schedule.Targets.Length, schedule.Sigmas.Length));
            Assert.All(schedule.Timesteps, t => Assert.InRange(t, 0, 999));
            for (var i = 0; i < steps; i++)
            {
                Assert.True(schedule.Sigmas[i] > schedule.Sigmas[i + 1] || i == steps - 1, $"{steps} steps, step {i}");
                Assert.InRange(schedule.Targets[i], 0, schedule.Sigmas[i]);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Plans))]
    public void A_network_that_always_sees_the_same_picture_is_led_to_it(string name, string? spacing, bool karras)
    {
        var picture = new float[Size];
        new TorchRandom(1).FillNormal(picture);
        foreach (var steps in new[] { 20, 50 })
        {
            var schedule = Plan(name, spacing, karras, steps);
            var noise = new TorchRandom(2);
            var x = new float[Size];
            noise.FillNormal(x);
            TensorPrimitives.Multiply(x, schedule.InitialScale, x);
            var run = new SamplerRun(new TrainedNoise(Config(spacing)), schedule, x, noise, new SamplerOptions { Eta = (float)SamplerTable.Named(name).DefaultEta });

            foreach (var _ in SamplerTable.Named(name).Sample(run))
            {
                picture.CopyTo(run.Denoised, 0);
            }

            // DDIM ends at the smallest trained noise, and "linspace" makes it lose a little of the way: see NoiseSchedule.Targets.
            Assert.True(Differences.Largest(picture, x) <= 0.2, $"{steps} steps");
        }
    }

    [Theory]
    [InlineData(48, 3, 936)]
    [InlineData(96, 18, 812)]
    [InlineData(112, 7, 936)]
    public void Trailing_timesteps_that_end_in_a_half_are_rounded_as_numpy_leaves_them(int steps, int step, int timestep) =>
        Assert.Equal(timestep, Plan(SamplerNames.Ddim, "trailing", karras: false, steps).Timesteps[step]);

    private static SchedulerConfig Config(string? spacing) => new()
    {
        BetaStart = 0.00085,
        BetaEnd = 0.012,
        BetaSchedule = "scaled_linear",
        StepsOffset = 1,
        SetAlphaToOne = false,
        TimestepSpacing = spacing,
    };

    private static NoiseSchedule Plan(string sampler, string? spacing, bool karras, int steps) =>
        SamplerTable.Named(sampler).Plan(
            new ScheduleRequest(new TrainedNoise(Config(spacing)), Config(spacing), karras ? ScheduleNames.Karras : ScheduleNames.Model, steps));
}
