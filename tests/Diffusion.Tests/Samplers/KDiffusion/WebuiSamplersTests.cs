using System.Numerics.Tensors;
using RenderFarm.Diffusion.Noise;
using RenderFarm.Diffusion.Samplers;
using RenderFarm.Diffusion.Samplers.KDiffusion;
using RenderFarm.Diffusion.Schedules;
using RenderFarm.Diffusion.Tests.Schedules.Webui;

namespace RenderFarm.Diffusion.Tests.Samplers.KDiffusion;

/// <summary>What every sampler of webui's promises, and what some become where one setting of theirs does nothing.</summary>
public sealed class WebuiSamplersTests
{
    private const int Seed = 3;

    public static TheoryData<string, string> Combinations =>
        [.. WebuiSamplerNames.All.SelectMany(name => WebuiSamplers.ByName[name].Schedules.Select(schedule => (name, schedule)))];

    public static TheoryData<string> Names => [.. WebuiSamplerNames.All];

    [Fact]
    public void Every_name_has_a_sampler() => Assert.Equal(WebuiSamplerNames.All.Order(), WebuiSamplers.ByName.Keys.Order());

    [Theory]
    [MemberData(nameof(Combinations))]
    public void A_network_that_always_sees_the_same_picture_is_led_to_it(string name, string schedule)
    {
        var picture = new float[64];
        new TorchRandom(1).FillNormal(picture);
        var whole = WebuiSamplers.ByName[name].Plan(new ScheduleRequest(WebuiSchedulesTests.Trained, WebuiSchedulesTests.Config, schedule, 20));
        foreach (var start in new[] { 0, 10 })
        {
            var path = whole with { Start = start };
            var (x, noise) = (new float[picture.Length], new TorchRandom(2));
            noise.FillNormal(x);
            TensorPrimitives.MultiplyAdd(x, path.Sigmas[start], picture, x);
            var run = new SamplerRun(WebuiSchedulesTests.Trained, path, x, noise, new SamplerOptions { Eta = 1 });
            picture.CopyTo(run.Denoised, 0);
            foreach (var asked in WebuiSamplers.ByName[name].Sample(run))
            {
                Assert.InRange(asked.Timestep, 0, 999);
                Assert.InRange(asked.Step, start, path.Steps - 1);
            }

            // What ends above zero keeps that noise: at the smallest that was trained, or DPM-Solver on a picture at the schedule's last.
            var end = name is WebuiSamplerNames.DpmFast or WebuiSamplerNames.DpmAdaptive ? path.Sigmas[^2] : 0;
            Assert.True(Differences.Largest(picture, x) <= 5 * Math.Max(end, WebuiSchedulesTests.Trained.SmallestSigma), $"from step {start}");
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void The_fewest_steps_are_enough(string name)
    {
        var sampler = WebuiSamplers.ByName[name];
        var schedule = sampler.Plan(new ScheduleRequest(WebuiSchedulesTests.Trained, WebuiSchedulesTests.Config, ScheduleNames.Model, sampler.MinSteps));
        var run = Run(schedule.Sigmas, new SamplerOptions { Eta = 1 });

        Runs.Finish(run, sampler);

        Assert.True(float.IsFinite(TensorPrimitives.Sum<float>(run.X)));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Nothing_is_allocated_after_the_first_question(string name)
    {
        Runs.Finish(Run(Levels(WebuiScheduleNames.Karras, 25), new SamplerOptions { Eta = 1 }), WebuiSamplers.ByName[name]);
        using var path = WebuiSamplers.ByName[name].Sample(Run(Levels(WebuiScheduleNames.Karras, 25), new SamplerOptions { Eta = 1 })).GetEnumerator();
        path.MoveNext();
        var before = GC.GetAllocatedBytesForCurrentThread();
        while (path.MoveNext())
        {
        }

        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    [Theory]
    [InlineData(WebuiSamplerNames.EulerAncestral, WebuiSamplerNames.Euler)]
    [InlineData(WebuiSamplerNames.Dpm2Ancestral, WebuiSamplerNames.Dpm2)]
    [InlineData(WebuiSamplerNames.DpmPlusPlus2MSde, WebuiSamplerNames.DpmPlusPlus2M)]
    [InlineData(WebuiSamplerNames.DpmPlusPlusSde, WebuiSamplerNames.DpmPlusPlus2SAncestral)]
    public void Without_fresh_noise_it_is_another(string name, string other) => AssertSame(name, other, 10, new SamplerOptions { Eta = 0 }, 1e-6);

    [Theory]
    [InlineData(1)]
    [InlineData(19)]
    public void Restart_of_few_steps_is_Heun(int steps) => AssertSame(WebuiSamplerNames.Restart, WebuiSamplerNames.Heun, steps, new SamplerOptions(), 1e-6);

    [Theory]
    [InlineData(20, 1)]
    [InlineData(35, 1)]
    [InlineData(36, 2)]
    [InlineData(60, 2)]
    public void Restart_goes_down_again_from_two_and_takes_the_steps_that_it_was_given(int count, int times)
    {
        var levels = Levels(WebuiScheduleNames.Karras, count);

        var steps = RestartSampler.Steps(levels);

        Assert.Equal(count, steps.Count);
        Assert.Equal((levels[0], 0), (steps[0].From, steps[^1].To), Near);
        var climbs = steps.Zip(steps.Skip(1)).Where(pair => pair.Second.From > pair.First.To * 1.0001).ToList();
        Assert.Equal(times, climbs.Count);
        Assert.All(climbs, climb =>
        {
            Assert.InRange(climb.First.To, 0.05, 0.2);
            Assert.InRange(climb.Second.From, 1.3, 3);
        });
    }

    [Theory]
    [InlineData(WebuiSamplerNames.Ddim, SamplerNames.Ddim)]
    [InlineData(WebuiSamplerNames.Plms, SamplerNames.Pndm)]
    public void Where_steps_divide_the_trained_ones_timestep_samplers_are_the_models_own_without_the_last_step(string name, string model)
    {
        var config = WebuiSchedulesTests.Config with { TimestepSpacing = "leading", StepsOffset = 1, SetAlphaToOne = false };
        var (own, models) = (Planned(WebuiSamplers.ByName[name], 20), Planned(SamplerTable.Named(model), 20));
        Runs.Finish(own, WebuiSamplers.ByName[name]);
        foreach (var asked in SamplerTable.Named(model).Sample(models).TakeWhile(asked => asked.Step < 19))
        {
            Runs.Denoise(asked, models.Denoised);
        }

        Assert.Equal(19, own.Schedule.Steps);
        Differences.AssertWithin(1e-6, models.X, own.X);

        SamplerRun Planned(ISampler sampler, int steps)
        {
            var schedule = sampler.Plan(new ScheduleRequest(new TrainedNoise(config), config, ScheduleNames.Model, steps));
            var (x, noise) = (new float[64], new TorchRandom(Seed));
            noise.FillNormal(x);
            TensorPrimitives.Multiply(x, schedule.InitialScale, x);
            return new SamplerRun(new TrainedNoise(config), schedule, x, noise, new SamplerOptions());
        }
    }

    [Theory]
    [InlineData(WebuiSamplerNames.Euler, 20, 0.75, 20, 4)]
    [InlineData(WebuiSamplerNames.Dpm2, 20, 0.75, 20, 4)]
    [InlineData(WebuiSamplerNames.Euler, 20, 1, 20, 0)]
    [InlineData(WebuiSamplerNames.Euler, 30, 0.1, 30, 26)]
    [InlineData(WebuiSamplerNames.Ddim, 20, 0.75, 19, 5)]
    [InlineData(WebuiSamplerNames.Ddim, 30, 0.5, 30, 16)]
    [InlineData(WebuiSamplerNames.Ddim, 20, 0.05, 19, 18)]
    public void A_picture_joins_where_webui_lets_it(string name, int steps, double strength, int planned, int first)
    {
        var sampler = WebuiSamplers.ByName[name];
        var schedule = sampler.Plan(new ScheduleRequest(WebuiSchedulesTests.Trained, WebuiSchedulesTests.Config, ScheduleNames.Model, steps));

        Assert.Equal((planned, first), (schedule.Steps, sampler.FirstStep(schedule, steps, strength)));
    }

    [Fact]
    public void Heuns_weight_in_2M_SDE_differs_in_few_steps_and_not_in_many()
    {
        Assert.True(Difference(WebuiSamplerNames.DpmPlusPlus2MSdeHeun, WebuiSamplerNames.DpmPlusPlus2MSde, 5) > 1e-2);
        Assert.True(Difference(WebuiSamplerNames.DpmPlusPlus2MSdeHeun, WebuiSamplerNames.DpmPlusPlus2MSde, 900) < 1e-3);
    }

    [Theory]
    [InlineData(WebuiSamplerNames.Euler)]
    [InlineData(WebuiSamplerNames.Heun)]
    [InlineData(WebuiSamplerNames.Dpm2)]
    public void Churn_raises_the_levels_in_its_range_with_the_next_noise(string name)
    {
        var levels = Levels(WebuiScheduleNames.Karras, 10);
        var run = Run(levels, new SamplerOptions { Churn = new Churn { Amount = 2, From = 0.5, To = levels[0] - 1 }, NoiseScale = 0.9 });
        var drawn = new TorchRandom(Seed);
        var (draw, before) = (new float[64], new float[64]);
        drawn.FillNormal(draw);

        var raised = 0;
        using var path = WebuiSamplers.ByName[name].Sample(run).GetEnumerator();
        for (var step = -1; path.MoveNext();)
        {
            if (path.Current.Step != step)
            {
                step = path.Current.Step;
                var isRaised = levels[step] >= 0.5 && levels[step] <= levels[0] - 1;
                Assert.Equal(isRaised ? 1.2 * levels[step] : levels[step], path.Current.Sigma, 1e-5);
                if (isRaised)
                {
                    raised++;
                    drawn.FillNormal(draw);
                    TensorPrimitives.MultiplyAdd(draw, 0.9f * MathF.Sqrt(0.44f) * levels[step], before, before);
                    Differences.AssertWithin(1e-5, before, path.Current.X);
                }
            }

            // Seen as it is, x stays what it was.
            path.Current.X.CopyTo(run.Denoised, 0);
            path.Current.X.CopyTo(before, 0);
        }

        Assert.InRange(raised, 2, 8);
    }

    [Fact]
    public void Churn_never_raises_a_level_beyond_the_root_of_two()
    {
        var levels = Levels(WebuiScheduleNames.Karras, 4);
        using var path = WebuiSamplers.ByName[WebuiSamplerNames.Euler].Sample(Run(levels, new SamplerOptions { Churn = new Churn { Amount = 100 } })).GetEnumerator();
        path.MoveNext();

        Assert.Equal(levels[0] * Math.Sqrt(2), path.Current.Sigma, 1e-4);
    }

    private static bool Near((double From, double To) a, (double From, double To) b) => Math.Abs(a.From - b.From) < 1e-5 && Math.Abs(a.To - b.To) < 1e-5;

    private static float[] Levels(string schedule, int steps) =>
        [.. RenderFarm.Diffusion.Schedules.Webui.WebuiSchedules.Sigmas(schedule, steps, WebuiSchedulesTests.Trained, isSdxl: false).Select(sigma => (float)sigma)];

    private static SamplerRun Run(float[] sigmas, SamplerOptions options) => Runs.New(sigmas, new TorchRandom(Seed), options);

    private static double Difference(string name, string other, int steps)
    {
        var (run, otherRun) = (Run(Levels(WebuiScheduleNames.Karras, steps), new SamplerOptions()), Run(Levels(WebuiScheduleNames.Karras, steps), new SamplerOptions()));
        Runs.Finish(run, WebuiSamplers.ByName[name]);
        Runs.Finish(otherRun, WebuiSamplers.ByName[other]);
        return Differences.Largest(otherRun.X, run.X) / Differences.LargestOf(otherRun.X);
    }

    private static void AssertSame(string name, string other, int steps, SamplerOptions options, double share)
    {
        var (run, otherRun) = (Run(Levels(WebuiScheduleNames.Karras, steps), options), Run(Levels(WebuiScheduleNames.Karras, steps), options));

        Assert.Equal(Runs.Finish(otherRun, WebuiSamplers.ByName[other]), Runs.Finish(run, WebuiSamplers.ByName[name]));
        Differences.AssertWithin(share, otherRun.X, run.X);
    }
}
