using System.Numerics.Tensors;
using RenderFarm.Diffusion.Models;
using RenderFarm.Diffusion.Noise;
using RenderFarm.Diffusion.Samplers;
using RenderFarm.Diffusion.Schedules;

namespace RenderFarm.Diffusion.Tests.Samplers;

/// <summary>What every sampler promises, whichever it is.</summary>
public sealed class SamplerContractTests(LoadedModels models)
{
    private const int Size = 64;

    private static readonly SchedulerConfig Config = new()
    {
        BetaStart = 0.00085,
        BetaEnd = 0.012,
        BetaSchedule = "scaled_linear",
        StepsOffset = 1,
        SetAlphaToOne = false,
    };

    private static readonly TrainedNoise Trained = new(Config);

    public static TheoryData<string> Names => [.. SamplerTable.Names];

    [Theory]
    [MemberData(nameof(Names))]
    public void No_steps_and_more_than_there_are_timesteps_for_are_refused(string name)
    {
        var (least, most) = (SamplerTable.Named(name).MinSteps, Math.Min(models.Emoji.Model.MaxSteps, SamplerTable.Named(name).MaxSteps(Config)));
        var request = new ImageRequest { Prompt = "a dog", Sampler = name };

        foreach (var steps in new[] { int.MinValue, -1, 0, least - 1, most + 1, int.MaxValue })
        {
            var problem = Assert.Throws<RenderRequestException>(() => models.Emoji.Check(request with { Steps = steps }));
            Assert.Equal((nameof(request.Steps), $"{steps}"), (problem.Field, problem.Given));
            Assert.Equal($"{least} to {most}", problem.Allowed);
        }

        models.Emoji.Check(request with { Steps = least });
        models.Emoji.Check(request with { Steps = most });
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void An_eta_is_refused_where_it_means_nothing_and_nan_everywhere(string name)
    {
        var request = new ImageRequest { Prompt = "a dog", Sampler = name };

        Assert.Equal(nameof(request.Eta), Assert.Throws<RenderRequestException>(() => models.Emoji.Check(request with { Eta = double.NaN })).Field);
        models.Emoji.Check(request with { Eta = 0 });
        if (SamplerTable.Named(name).TakesEta)
        {
            models.Emoji.Check(request with { Eta = 1 });
        }
        else
        {
            Assert.Equal(nameof(request.Eta), Assert.Throws<RenderRequestException>(() => models.Emoji.Check(request with { Eta = 1 })).Field);
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Any_number_of_steps_ends_with_finite_numbers_and_asks_at_finite_levels(string name)
    {
        // The usual betas of stable diffusion, and those of DDPM, whose noise reaches ten times as far.
        foreach (var (config, steps) in new[] { Config, new SchedulerConfig() }.SelectMany(config => new[] { 1, 2, 3, 4, 15, 50 }.Select(steps => (config, steps))))
        {
            var run = Start(name, steps, config: config);
            foreach (var asked in SamplerTable.Named(name).Sample(run))
            {
                Assert.True(asked.Sigma > 0 && float.IsFinite(asked.Sigma), $"sigma is {asked.Sigma}");
                Assert.InRange(asked.Timestep, 0, Trained.Timesteps - 1);
                Assert.InRange(asked.Step, 0, Math.Max(run.Schedule.Steps - 1, 0));
                Answer(run, asked);
            }

            Assert.True(float.IsFinite(TensorPrimitives.Sum<float>(run.X)), $"{steps} steps");
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void The_same_seed_gives_the_same_numbers_and_another_others(string name)
    {
        Assert.Equal(Finish(Start(name, 12)), Finish(Start(name, 12)));
        Assert.NotEqual(Finish(Start(name, 12)), Finish(Start(name, 12, seed: 3)));

        float[] Finish(SamplerRun run) => Run(name, run);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Runs_that_take_turns_do_not_touch_each_other(string name)
    {
        var sampler = SamplerTable.Named(name);
        var (slow, fast) = (Start(name, 12), Start(name, 7, seed: 3));
        using var slowPath = sampler.Sample(slow).GetEnumerator();
        using var fastPath = sampler.Sample(fast).GetEnumerator();
        var isFastLeft = false;
        for (var isSlowLeft = slowPath.MoveNext(); isSlowLeft || isFastLeft;)
        {
            if (isSlowLeft)
            {
                Answer(slow, slowPath.Current);
                isSlowLeft = slowPath.MoveNext();
            }

            if (isFastLeft)
            {
                Answer(fast, fastPath.Current);
            }

            isFastLeft = fastPath.MoveNext();
        }

        Assert.Equal(Run(name, Start(name, 12)), slow.X);
        Assert.Equal(Run(name, Start(name, 7, seed: 3)), fast.X);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_run_that_joins_later_asks_only_for_what_is_left(string name)
    {
        var whole = Start(name, 10);
        var last = whole.Schedule.Steps - 1;
        foreach (var start in new[] { 1, 6, last })
        {
            var late = new SamplerRun(Trained, whole.Schedule with { Start = start }, [.. whole.X], new TorchRandom(4), whole.Options);
            List<int> steps = [];
            foreach (var asked in SamplerTable.Named(name).Sample(late))
            {
                steps.Add(asked.Step);
                Answer(late, asked);
            }

            Assert.All(steps, step => Assert.InRange(step, start, last));
            if (SamplerNames.All.Contains(name))
            {
                Assert.Equal(Enumerable.Range(start, 10 - start), steps.Distinct());
            }

            Assert.True(float.IsFinite(TensorPrimitives.Sum<float>(late.X)));
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Nothing_is_allocated_after_the_first_evaluation(string name)
    {
        Run(name, Start(name, 12));
        var run = Start(name, 12);
        using var path = SamplerTable.Named(name).Sample(run).GetEnumerator();
        Assert.True(path.MoveNext());

        var before = GC.GetAllocatedBytesForCurrentThread();
        do
        {
            Answer(run, path.Current);
        }
        while (path.MoveNext());

        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void An_eta_of_zero_is_without_chance(string name)
    {
        var sampler = SamplerTable.Named(name);
        if (!sampler.TakesEta)
        {
            return;
        }

        Assert.Equal(Run(name, With(5, eta: 0)), Run(name, With(6, eta: 0)));
        Assert.NotEqual(Run(name, With(5, eta: 1)), Run(name, With(6, eta: 1)));

        SamplerRun With(int seed, float eta)
        {
            var run = Start(name, 9);
            return new SamplerRun(Trained, run.Schedule, [.. run.X], new TorchRandom(seed), run.Options with { Eta = eta });
        }
    }

    private static SamplerRun Start(string name, int steps, int seed = 2, SchedulerConfig? config = null)
    {
        var sampler = SamplerTable.Named(name);
        var trained = config is null ? Trained : new TrainedNoise(config);
        var schedule = sampler.Plan(new ScheduleRequest(trained, trained.Config, ScheduleNames.Model, steps));
        var noise = new TorchRandom(seed);
        var x = new float[Size];
        noise.FillNormal(x);
        TensorPrimitives.Multiply(x, schedule.InitialScale, x);
        return new SamplerRun(trained, schedule, x, noise, new SamplerOptions { Eta = (float)sampler.DefaultEta });
    }

    private static float[] Run(string name, SamplerRun run)
    {
        foreach (var asked in SamplerTable.Named(name).Sample(run))
        {
            Answer(run, asked);
        }

        return run.X;
    }

    /// <summary>What the best network sees where the pictures are themselves normal noise: x / (sigma^2 + 1).</summary>
    private static void Answer(SamplerRun run, Evaluation asked) =>
        TensorPrimitives.Divide(asked.X, (asked.Sigma * asked.Sigma) + 1, run.Denoised);
}
